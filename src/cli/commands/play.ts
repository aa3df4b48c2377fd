/** `aligner-lab play`: `serve` with its page in the browser. */
import { flagOn, integer } from '../../shape/options.js';
import { defineCommand, type Context } from '../command.js';
import { openBrowser, openerOf } from '../openBrowser.js';
import { serveOptions, serveUntilEnded } from './serve.js';

const options = {
  ...serveOptions,
  port: integer({ value: 'n', help: 'where it listens; 0: any that is free', default: 0, least: 0 }), // prettier-ignore
  open: flagOn('only print the address, and open no browser'),
} as const;

export const play = defineCommand({
  description: `Serves as aligner-lab serve does, and opens its page: a question, the upstream's sentences beside the
corrected ones, what every layer reads while they are written, and sliders for strength and layers,
for one setting or two side by side.

The page is part of the package and loads nothing from elsewhere. It is seen by this machine alone
unless --host says otherwise. Ctrl-C ends it.`,
  options,
  examples: [
    ['aligner-lab play', 'the embedded pair, in the browser'],
    [
      'aligner-lab play --direction runs/sweep-1a2b3c4d,runs/extract-5e6f7a8b --max-coefficient 2',
      'directions to choose from, pushed further',
    ],
    ['aligner-lab play --no-open --port 8080', 'at a fixed address, opened by hand'],
  ],
  async run({ options: { open, ...given }, context }) {
    await serveUntilEnded({
      ...{ given, context, logs: false },
      onReady(url) {
        const page = `${url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')}/`;
        context.warn(`the page is at ${page}`);
        if (open) void opened(page, context);
      },
    });
  },
});

async function opened(page: string, context: Context): Promise<void> {
  if (await openBrowser(openerOf(process.platform, page))) return;
  context.warn(`no browser could be opened; open ${page} yourself`);
}
