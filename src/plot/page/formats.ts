/** What figures can be written as. */

export const figureFormats = ['html', 'png', 'svg', 'pdf', 'json'] as const;
export type FigureFormat = (typeof figureFormats)[number];

/** Those that are drawn in a browser, one file per figure. */
export const pictureFormats = ['png', 'svg', 'pdf'] as const;
export type PictureFormat = (typeof pictureFormats)[number];

export const grounds = ['light', 'dark'] as const;
export type Ground = (typeof grounds)[number];

/** Inches on paper; without a height it is the figure's own at that width. */
export interface PaperSize {
  width: number;
  height?: number;
}

/** Widths of a paper's columns, inches: what most journals and conferences come near to. */
export const columnWidths = { single: 3.3, double: 7 } as const;
