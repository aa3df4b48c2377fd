/** Ground and type of the figures: what plotly calls a template, for light and for dark ground. */
import type { Ground } from './page/formats.js';
import type { Figure } from './figure.js';

/** Colours of a page: paper and text, and the lines behind the data. */
export const groundColours: Record<Ground, { paper: string; text: string; line: string }> = {
  light: { paper: '#ffffff', text: '#222222', line: '#e2e2e2' },
  dark: { paper: '#181a1b', text: '#dddddd', line: '#44484a' },
};

/** CSS pixels; figures say other sizes only where they must. */
export const fontSize = 13;

/**
 * Plotly's template for a ground.
 * @param paper colour behind the figure; default: none, so that the page's shows.
 */
export function template(ground: Ground, paper = 'rgba(0,0,0,0)'): Record<string, unknown> {
  const { text, line } = groundColours[ground];
  // Plotly would make titles larger than the text, and put them at the margin's far end.
  const title = { font: { size: fontSize }, standoff: 8 };
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true, title };
  const colorbar = { thickness: 14, outlinewidth: 0, title: { font: title.font } };
  return {
    layout: {
      // Fonts that are there, or have a twin of the same width, wherever an SVG is opened.
      font: {
        color: text,
        size: fontSize,
        family: 'Arial, Helvetica, Liberation Sans, sans-serif',
      },
      paper_bgcolor: paper,
      plot_bgcolor: 'rgba(0,0,0,0)',
      modebar: { bgcolor: 'rgba(0,0,0,0)', color: '#999', activecolor: '#555' },
      legend: { bgcolor: 'rgba(0,0,0,0)' },
      xaxis: axis,
      yaxis: axis,
      coloraxis: { colorbar },
    },
  };
}

/** The figure on its own paper, as it stands in a picture or a notebook. */
export function onGround(figure: Figure, ground: Ground): Figure {
  const { paper } = groundColours[ground];
  return { data: figure.data, layout: { ...figure.layout, template: template(ground, paper) } };
}

/** CSS pixels. */
export function heightOf(figure: Figure): number {
  const height = figure.layout['height'];
  return typeof height === 'number' ? height : 450;
}
