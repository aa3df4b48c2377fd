/** Equal panels side by side and below each other, in shares of the plot. */

export interface GridCell {
  row: number;
  column: number;
  /** Plotly's name of its horizontal axis, e.g. `x2`; the vertical one has the same number. */
  x: string;
  y: string;
  /** Plotly's names in a layout, e.g. `xaxis2`. */
  xaxis: string;
  yaxis: string;
  /** Left and right end, 0 … 1. */
  across: [number, number];
  /** Lower and upper end, 0 … 1. */
  down: [number, number];
}

/** Cells row by row, the first at the top left; gaps in shares of the plot. */
export function cellGrid(options: {
  rows: number;
  columns: number;
  gap: { across: number; down: number };
}): GridCell[] {
  const { rows, columns, gap } = options;
  const width = (1 - gap.across * (columns - 1)) / columns;
  const height = (1 - gap.down * (rows - 1)) / rows;
  return Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const left = column * (width + gap.across);
    const top = 1 - row * (height + gap.down);
    // Plotly calls its first axis `x`, the second `x2`.
    const number = i === 0 ? '' : String(i + 1);
    return {
      ...{ row, column, x: `x${number}`, y: `y${number}` },
      ...{ xaxis: `xaxis${number}`, yaxis: `yaxis${number}` },
      across: [left, left + width],
      down: [top - height, top],
    };
  });
}

/** A title over a cell. @param text plotly text. */
export function cellTitle({ across, down }: GridCell, text: string): Record<string, unknown> {
  return {
    ...{ text, xref: 'paper', yref: 'paper', showarrow: false },
    ...{ x: across[0], xanchor: 'left', y: down[1], yanchor: 'bottom' },
  };
}
