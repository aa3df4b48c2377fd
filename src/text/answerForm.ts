/**
 * One spelling for answers that differ only in how they are written, in the way of the MATH
 * benchmark's `is_equiv` (Hendrycks et al. 2021), written anew.
 */
export function normaliseAnswer(answer: string): string {
  let text = answer.trim();
  // The mathematics marks around the whole.
  text = text.replace(/^\$+|\$+$/g, '').replace(/^\\[([]|\\[)\]]$/g, '');
  text = text.replace(/\\(?:left|right|displaystyle|limits)(?![a-zA-Z])/g, '');
  text = text.replace(/\\[!,;: ]|\\quad|~/g, '').replace(/[dt]frac/g, 'frac');
  text = text.replace(/\^\{?\\circ\}?|°/g, '').replace(/\\?[%$€£]/g, '');
  // A unit behind the value; alone, `\text{yes}` is the value.
  text = text.replace(/(\S)\s*\\(?:text|mathrm|mbox)\{[^{}]*\}\s*$/, '$1');
  text = text.replace(/\\(?:text|mathrm|mathbf|mbox)\{([^{}]*)\}/g, '$1');
  text = text.replace(/\{,\}/g, ',').replace(/\.\s*$/, '');
  text = text.replace(/^\s*[a-zA-Z]\s*=\s*/, '');
  text = text.replace(/\\sqrt\s*(\w)/g, '\\sqrt{$1}');
  text = text.replace(/\\frac\s*(\w)\s*(\w)/g, '\\frac{$1}{$2}');
  text = text.replace(/\\frac\s*(\w)\s*\{/g, '\\frac{$1}{').replace(/(\})\s+(\{)/g, '$1$2');
  text = text.replace(/\\frac\{([^{}]*)\}\s*(\w)/g, '\\frac{$1}{$2}');
  text = text.replace(/\s+/g, '');
  text = text.replace(/^(-?\d+)\/(-?\d+)$/, '\\frac{$1}{$2}');
  text = text.replace(/(^|[^\d])\.(\d)/g, '$10.$2');
  while (/\d,\d{3}(?!\d)/.test(text) && !/[()[\]{}]/.test(text)) {
    text = text.replace(/(\d),(\d{3})(?!\d)/g, '$1$2');
  }
  return text.toLowerCase();
}
