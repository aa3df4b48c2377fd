/**
 * Heat maps as vector graphics. Plotly puts a picture of one pixel per pixel of the screen into its
 * SVG, which is blurred on paper.
 */

/**
 * A function of the browser's, as text: takes an SVG and gives it back with a rectangle for every
 * cell in place of each picture. Cells are found in the picture: lines and columns of pixels that
 * equal their neighbours belong together.
 */
export const bricksOf = `async (svg) => {
  const drawing = new DOMParser().parseFromString(svg, 'image/svg+xml');
  const same = (pixels, a, b) => pixels[a] === pixels[b];
  /** Where lines (or columns) begin that differ from the one before, and the end. */
  const startsOf = (count, differs) => {
    const starts = [0];
    for (let at = 1; at < count; at++) if (differs(at)) starts.push(at);
    return [...starts, count];
  };
  for (const image of [...drawing.querySelectorAll('image')]) {
    const picture = new Image();
    picture.src = image.getAttribute('href') ?? image.getAttributeNS('http://www.w3.org/1999/xlink', 'href');
    await picture.decode();
    const [width, height] = [picture.naturalWidth, picture.naturalHeight];
    const context = Object.assign(document.createElement('canvas'), { width, height }).getContext('2d');
    context.drawImage(picture, 0, 0);
    const bytes = context.getImageData(0, 0, width, height).data;
    const pixels = new Uint32Array(bytes.buffer);
    const columns = startsOf(width, (x) => {
      for (let y = 0; y < height; y++) if (!same(pixels, y * width + x, y * width + x - 1)) return true;
      return false;
    });
    const lines = startsOf(height, (y) => {
      for (let x = 0; x < width; x++) if (!same(pixels, y * width + x, (y - 1) * width + x)) return true;
      return false;
    });
    const number = (name) => Number(image.getAttribute(name) ?? 0);
    const across = number('width') / width;
    const down = number('height') / height;
    const group = drawing.createElementNS('http://www.w3.org/2000/svg', 'g');
    group.setAttribute('shape-rendering', 'crispEdges');
    lines.slice(0, -1).forEach((y, l) => columns.slice(0, -1).forEach((x, c) => {
      const at = 4 * (y * width + x);
      if (bytes[at + 3] === 0) return;
      const cell = drawing.createElementNS('http://www.w3.org/2000/svg', 'rect');
      const values = {
        x: number('x') + x * across, y: number('y') + y * down,
        width: (columns[c + 1] - x) * across, height: (lines[l + 1] - y) * down,
        fill: 'rgb(' + bytes.slice(at, at + 3).join(',') + ')', 'fill-opacity': bytes[at + 3] / 255,
      };
      for (const [name, value] of Object.entries(values)) cell.setAttribute(name, value);
      group.append(cell);
    }));
    image.replaceWith(group);
  }
  return new XMLSerializer().serializeToString(drawing);
}`;
