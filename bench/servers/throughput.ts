/**
 * `npm run bench:servers`: how much of a server the lab keeps busy. A server with 16 slots writes a
 * token every so many milliseconds in each; a plain load generator asks it for whole answers, 16 at a
 * time, and the lab writes the same answers in its loop, with a corrector that copies and one that
 * rewrites the first sentence of every fourth. Several runs in turn; medians of tokens a second.
 */
import { correctorFromFunction } from '../../src/align/functions.js';
import { openUpstream } from '../../src/align/open.js';
import { alignAnswers } from '../../src/align/stream.js';
import type { Corrector } from '../../src/align/corrector.js';
import { formatTable } from '../../src/text/table.js';
import { fakeServer, type FakeServer } from '../../test/wire/fakeServer.js';

const slots = 16;
const prompts = 192;
const runs = 5;
/** Milliseconds a token. */
const pace = 10;

const questions = Array.from({ length: prompts }, (_, i) => `Question ${i}?`);
const copying = correctorFromFunction({ name: 'copies', correct: (rows) => rows.map(({ last }) => last) }); // prettier-ignore
const rewriting = correctorFromFunction({
  name: 'rewrites',
  correct: (rows) =>
    rows.map(({ question, prefix, last }) =>
      prefix === '' && question.endsWith('4?') ? 'Anew.' : last,
    ),
});

/** Whole answers, as a load generator asks for them. @returns characters a second */
async function plain(server: FakeServer): Promise<number> {
  const waiting = [...questions];
  let characters = 0;
  const start = performance.now();
  const work = async (): Promise<void> => {
    for (let question = waiting.shift(); question !== undefined; question = waiting.shift()) {
      const body = { model: 'fake', stream: true, messages: [{ role: 'user', content: question }] };
      const response = await fetch(`${server.url}/chat/completions`, { method: 'POST', body: JSON.stringify(body) }); // prettier-ignore
      for (const line of (await response.text()).split('\n')) {
        if (!line.startsWith('data: {')) continue;
        const { choices } = JSON.parse(line.slice(6)) as { choices: { delta?: { content?: string } }[] }; // prettier-ignore
        characters += choices[0]?.delta?.content?.length ?? 0;
      }
    }
  };
  await Promise.all(Array.from({ length: slots }, work));
  return (1000 * characters) / (performance.now() - start);
}

async function lab(server: FakeServer, corrector: Corrector): Promise<number> {
  await using upstream = await openUpstream(`${server.url}#fake`, { server: { env: {}, concurrency: slots } }); // prettier-ignore
  const start = performance.now();
  const answers = await alignAnswers({ upstream, corrector, rows: questions.map((question) => ({ question })) }); // prettier-ignore
  const characters = answers.reduce((sum, { text }) => sum + text.length, 0);
  return (1000 * characters) / (performance.now() - start);
}

await using server = await fakeServer({ trailing: 'continue', slots, pace });
const found: Record<string, number[]> = { plain: [], copying: [], rewriting: [] };
for (let run = 0; run < runs; run++) {
  found.plain?.push(await plain(server));
  found.copying?.push(await lab(server, copying));
  found.rewriting?.push(await lab(server, rewriting));
}
const median = (values: readonly number[] = []): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0; // prettier-ignore
const base = median(found.plain);
const rows = Object.entries(found).map(([name, values]) => {
  const shares = values.map((value) => `${Math.round((100 * value) / base)}`);
  return [name, median(values).toFixed(0), `${Math.round((100 * median(values)) / base)} %`, shares.join(', ')]; // prettier-ignore
});
process.stdout.write(
  `${formatTable(['client', 'characters/s', 'of plain', 'each run, %'], rows)}\n`,
);
