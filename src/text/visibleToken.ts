/** A token as text: line breaks and tabs are made visible, and white space that stands alone. */
export function visibleToken(token: string): string {
  const shown = token.replace(/\n/g, '⏎').replace(/\t/g, '⇥');
  return shown.trim() === '' ? '␣'.repeat(Math.max(1, shown.length)) : shown;
}
