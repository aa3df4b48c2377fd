/** Layers × tokens of one sentence as a grid: each cell has a name, and arrow keys go from one to the next. */
import { element, fixed, signed } from './dom.js';

/** @import { TokenReadings } from '../../src/serve/play.js' */
/** @typedef {{ readings: TokenReadings, steered: readonly number[], most: number, name: string }} Map */

/**
 * @param {Map} map `most`: the reading that gets the full colour
 * @param {(text: string) => void} describe told what the cell means that is pointed at or focused
 * @returns {HTMLTableElement}
 */
export function heatMap(map, describe) {
  const { readings, steered, name } = map;
  const { tokens, layers } = readings;
  const head = element('tr', null, columnHead('layer'), ...tokens.map((token, i) => columnHead(i === 0 ? '→ boundary' : visible(token)))); // prettier-ignore
  head.setAttribute('role', 'row');
  const body = element('tbody');
  // The last layer is on top, as in the figures of papers.
  for (let layer = layers - 1; layer >= 0; layer--) {
    const isSteered = steered.includes(layer);
    const label = element('th', { scope: 'row', className: isSteered ? 'steered' : '' }, `${layer}${isSteered ? ' ●' : ''}`); // prettier-ignore
    label.setAttribute('role', 'rowheader');
    if (isSteered) label.setAttribute('aria-label', `${layer}, steered`);
    const row = element('tr', null, label, ...tokens.map((_, token) => cell(map, layer, token)));
    row.setAttribute('role', 'row');
    body.append(row);
  }
  const table = element('table', null, element('thead', null, head), body);
  table.setAttribute('role', 'grid');
  table.setAttribute('aria-label', `Readings by layer and token: ${name}`);
  listen(table, describe);
  return table;
}

/** @param {string} text */
function columnHead(text) {
  const head = element('th', { scope: 'col' }, element('span', null, text));
  head.setAttribute('role', 'columnheader');
  return head;
}

/** @param {Map} map @param {number} layer @param {number} token */
function cell({ readings, steered, most }, layer, token) {
  const value = readings.values[layer]?.[token] ?? 0;
  const made = element('td', { tabIndex: -1, className: value > 0 ? 'correct' : 'copy' });
  if (token === 0) made.classList.add('boundary');
  // The boundary token of a steered layer outshines all others: the root lets those be seen, too.
  const share = most === 0 ? 0 : Math.sqrt(Math.min(1, Math.abs(value) / most));
  made.style.setProperty('--share', `${(share * 100).toFixed(1)}%`);
  made.setAttribute('role', 'gridcell');
  made.setAttribute('aria-label', meaning({ value, layer, token, text: readings.tokens[token] ?? '', steered })); // prettier-ignore
  return made;
}

/** @param {{ value: number, layer: number, token: number, text: string, steered: readonly number[] }} of */
function meaning({ value, layer, token, text, steered }) {
  const where = `Layer ${layer}${steered.includes(layer) ? ' (steered)' : ''}`;
  const at = token === 0 ? 'boundary token, which chose the first word' : `token ${token} “${visible(text)}”`; // prettier-ignore
  const towards = Number(fixed(value, 2).replace('−', '-')) === 0 ? 'neither way' : value > 0 ? 'towards correcting' : 'towards copying'; // prettier-ignore
  return `${where}, ${at}: ${signed(value)} mean norms, ${towards}.`;
}

/** White space as signs, so that a token of it can be seen. @param {string} token */
function visible(token) {
  return token.replace(/ /g, '␣').replace(/\n/g, '⏎').replace(/\t/g, '⇥');
}

/** @param {HTMLTableElement} table @param {(text: string) => void} describe */
function listen(table, describe) {
  const tell = (/** @type {Event} */ { target }) => {
    const label = target instanceof HTMLTableCellElement && target.tagName === 'TD' ? target.ariaLabel : null; // prettier-ignore
    if (label) describe(label);
  };
  table.addEventListener('mouseover', tell);
  table.addEventListener('focusin', tell);
  const first = table.tBodies[0]?.rows[0]?.cells[1];
  if (first) first.tabIndex = 0;
  table.addEventListener('keydown', (event) => {
    const { target, key } = event;
    if (!(target instanceof HTMLTableCellElement)) return;
    const next = neighbour(table, target, key);
    if (!next) return;
    event.preventDefault();
    focusOn(table, next);
  });
  table.addEventListener('click', ({ target }) => {
    if (target instanceof HTMLTableCellElement && target.tagName === 'TD') focusOn(table, target);
  });
}

/** One cell at a time is in the order of the Tab key. @param {HTMLTableElement} table @param {HTMLTableCellElement} cell */
function focusOn(table, cell) {
  for (const one of table.querySelectorAll('td[tabindex="0"]')) one.setAttribute('tabindex', '-1');
  cell.tabIndex = 0;
  cell.focus();
}

/** @param {HTMLTableElement} table @param {HTMLTableCellElement} from @param {string} key */
function neighbour(table, from, key) {
  const rows = table.tBodies[0]?.rows ?? [];
  const row = /** @type {HTMLTableRowElement} */ (from.parentElement).sectionRowIndex;
  const last = (rows[row]?.cells.length ?? 1) - 1;
  const places = /** @type {Record<string, readonly [number, number]>} */ ({
    ArrowRight: [row, from.cellIndex + 1],
    ArrowLeft: [row, from.cellIndex - 1],
    ArrowUp: [row - 1, from.cellIndex],
    ArrowDown: [row + 1, from.cellIndex],
    Home: [row, 1],
    End: [row, last],
  });
  const place = places[key];
  if (!place || place[1] < 1) return null;
  return rows[place[0]]?.cells[place[1]] ?? null;
}

/** The largest reading up or down. @param {readonly TokenReadings[]} all */
export function largest(all) {
  return Math.max(0, ...all.flatMap(({ values }) => values.flat()).map(Math.abs));
}
