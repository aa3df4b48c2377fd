/** Tables of pairs for people: comma-separated values (RFC 4180), as spreadsheets open and save them. */

/** Spreadsheets take a cell that begins so for a formula. */
const formula = /^[=+\-@\t\r]/;

/** With a mark by which spreadsheets know UTF-8. Cells that would be formulas get a quote in front. */
export function writeSheet(rows: readonly (readonly string[])[]): string {
  const cell = (text: string): string => {
    const safe = formula.test(text) ? `'${text}` : text;
    return `"${safe.replaceAll('"', '""')}"`;
  };
  return `\ufeff${rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')}`;
}

/**
 * Rows of cells. Some spreadsheets save with semicolons or tabs; the first line says which.
 * @throws where a quoted cell does not end.
 */
export function readSheet(text: string, file: string): string[][] {
  const content = text.replace(/^\ufeff/, '');
  const between = /^[^\r\n,;\t]*([,;\t])/.exec(content)?.[1] ?? ',';
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < content.length) {
    const { cell, end } = readCell(content, { at, between, file });
    row.push(cell);
    at = end;
    if (content[at] === between) {
      at++;
      // A last cell that is empty.
      if (at === content.length) row.push('');
      else continue;
    }
    rows.push(row);
    row = [];
    while (content[at] === '\r' || content[at] === '\n') at++;
  }
  return rows;
}

function readCell(
  text: string,
  { at, between, file }: { at: number; between: string; file: string },
): { cell: string; end: number } {
  if (text[at] !== '"') {
    let end = at;
    while (end < text.length && ![between, '\r', '\n'].includes(text[end] ?? '')) end++;
    return { cell: text.slice(at, end), end };
  }
  let end = at + 1;
  for (;;) {
    const quote = text.indexOf('"', end);
    if (quote < 0) throw new Error(`${file}: a quoted cell does not end; save the table again`);
    if (text[quote + 1] !== '"') {
      return { cell: text.slice(at + 1, quote).replaceAll('""', '"'), end: quote + 1 };
    }
    end = quote + 2;
  }
}
