/** What is wrong with the text of figures that are drawn in a tab, as a browser measures it. */
import type { Page as Tab } from 'playwright-core';

/**
 * One line per fault: a text that leaves its figure, lies over another text, over a panel (unless it
 * belongs to a mark or stands in a panel on purpose), or is crossed by a curve.
 */
export async function textFaults(tab: Tab, selector = '.figure'): Promise<string[]> {
  return tab.evaluate<string[]>(`(${measure})(${JSON.stringify(selector)})`);
}

/** Runs in the browser; as text, since these types know none. */
const measure = `(selector) => {
  const faults = [];
  /** Corners of a text as it stands, turned or not, a little inside its box, which has room for accents. */
  const cornersOf = (text) => {
    const { x, y, width, height } = text.getBBox();
    const matrix = text.getScreenCTM();
    const [dx, dy] = [Math.min(1, width / 4), height * 0.18];
    return [[x + dx, y + dy], [x + width - dx, y + dy], [x + width - dx, y + height - dy], [x + dx, y + height - dy]]
      .map(([a, b]) => new DOMPoint(a, b).matrixTransform(matrix))
      .map((point) => [point.x, point.y]);
  };
  const boxOf = ({ left, right, top, bottom }) => [[left, top], [right, top], [right, bottom], [left, bottom]];
  /** Convex shapes meet unless a side of one of them parts them. */
  const meet = (a, b) => [a, b].every((shape) => shape.every((from, i) => {
    const to = shape[(i + 1) % shape.length];
    const [nx, ny] = [to[1] - from[1], from[0] - to[0]];
    const along = (points) => points.map(([x, y]) => nx * x + ny * y);
    const [p, q] = [along(a), along(b)];
    return Math.max(...p) > Math.min(...q) + 1e-6 && Math.max(...q) > Math.min(...p) + 1e-6;
  }));
  const inside = ([x, y], corners) => corners.every((from, i) => {
    const to = corners[(i + 1) % corners.length];
    return (to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]) >= 0;
  });
  for (const figure of document.querySelectorAll(selector)) {
    const frame = figure.getBoundingClientRect();
    if (frame.width === 0) continue;
    const plots = figure._fullLayout._plots;
    const panels = Object.values(plots).map(({ xaxis, yaxis }) => boxOf({
      left: frame.left + xaxis._offset + 1, right: frame.left + xaxis._offset + xaxis._length - 1,
      top: frame.top + yaxis._offset + 1, bottom: frame.top + yaxis._offset + yaxis._length - 1,
    }));
    const texts = [...figure.querySelectorAll('.main-svg text')].filter((text) =>
      text.textContent.trim() !== '' && text.getBoundingClientRect().width > 0 &&
      !text.closest('.hoverlayer, .modebar') && getComputedStyle(text).visibility !== 'hidden' && getComputedStyle(text).opacity !== '0');
    const drawn = texts.map((text) => ({
      text, name: text.textContent.slice(0, 40), corners: cornersOf(text),
      ofMark: text.closest('.scatterlayer') !== null,
    }));
    const points = [...figure.querySelectorAll('.scatterlayer path.js-line, .scatterlayer .errorbar path')]
      .filter((path) => path.getTotalLength && path.getBoundingClientRect().width + path.getBoundingClientRect().height > 0)
      .flatMap((path) => {
        const matrix = path.getScreenCTM();
        const length = path.getTotalLength();
        return Array.from({ length: Math.ceil(length / 3) }, (_, i) => {
          const at = path.getPointAtLength(i * 3).matrixTransform(matrix);
          return [at.x, at.y];
        });
      });
    drawn.forEach(({ name, corners, ofMark, text }, i) => {
      const out = corners.some(([x, y]) => x < frame.left - 1 || x > frame.right + 1 || y < frame.top - 1 || y > frame.bottom + 1);
      if (out) faults.push('"' + name + '" leaves the figure');
      for (const other of drawn.slice(i + 1)) {
        if (ofMark && other.ofMark && text.closest('.trace') !== other.text.closest('.trace')) continue;
        if (meet(corners, other.corners)) faults.push('"' + name + '" lies over "' + other.name + '"');
      }
      if (ofMark) return;
      if (panels.some((panel) => meet(corners, panel))) faults.push('"' + name + '" lies over a panel');
      if (points.some((point) => inside(point, corners))) faults.push('"' + name + '" is crossed by a curve');
    });
  }
  return [...new Set(faults)];
}`;
