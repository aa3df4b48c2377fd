/** What a page shows, as plain data: figures, and HTML elements, each with its caption. */
import type { Markup } from '../../text/markup.js';
import type { Figure } from '../figure.js';
import type { Room } from '../layout/panels.js';

/** A figure of a page. */
export interface FigureSection {
  /** For file names, e.g. `activity`; unique in its page. */
  name: string;
  heading: string;
  /** What the figure shows, its unit, its n and its intervals. */
  caption: string;
  /** The figure, arranged for the room that it has. */
  draw: (room: Room) => Figure;
  /** Whether it belongs to the section before it, so that its heading is smaller. */
  minor?: boolean;
}

/** Text that is shown as HTML; it has no picture of its own. */
export interface HtmlSection {
  heading: string;
  caption: string;
  html: Markup;
  /** Whether it opens at a click, with the figures that belong to it; default: it is open. */
  folded?: boolean;
  /** Where links lead to, e.g. `section-scan`. */
  id?: string;
}

export type PageSection = FigureSection | HtmlSection;

export interface Page {
  title: string;
  /** A paragraph under the title. */
  introduction?: string;
  sections: readonly PageSection[];
}

/** The figures of a page, in its order. */
export function figuresOf(page: Page): FigureSection[] {
  return page.sections.filter((section) => 'draw' in section);
}

/** Warnings as the end of an introduction. */
export function warned(warnings: readonly string[] = []): string {
  return warnings.map((warning) => ` Warning: ${warning}.`).join('');
}
