/** The page of `serve` in a real browser: every control, no console error, usable by everybody. */
import axe, { type AxeResults } from 'axe-core';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBrowser } from '../../src/plot/page/browser.js';
import { playEvent } from '../../src/serve/play.js';
import { readPlayRun } from '../../src/serve/playRun.js';
import { testServer, type TestServer } from '../serve/harness.js';
import {
  embeddedServer,
  gatedServer,
  gatedSteerable,
  hostileServer,
  hostileText,
} from './playServers.js';

let browser: Browser;
let embedded: TestServer;
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: findBrowser({ env: process.env }) });
  embedded = await embeddedServer();
});
afterAll(async () => {
  await browser.close();
  await embedded[Symbol.asyncDispose]();
});

interface Opened extends AsyncDisposable {
  tab: Page;
  /** What the console complained about. */
  complaints: string[];
}

async function opened(url: string, options: BrowserContextOptions = {}): Promise<Opened> {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  await context.addInitScript({ content: axe.source });
  const tab = await context.newPage();
  tab.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  tab.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  tab.on('pageerror', (error) => complaints.push(error.message));
  await tab.goto(url);
  return { tab, complaints, [Symbol.asyncDispose]: () => context.close() };
}

const ready = (tab: Page): Promise<void> => tab.locator('#play:enabled').waitFor();
const over = (tab: Page): Promise<void> => tab.locator('#answers[aria-busy=false]').waitFor();
const rowsOf = (tab: Page, setting: 'A' | 'B') =>
  tab.getByRole('list', { name: `Sentences at setting ${setting}` }).getByRole('listitem');
const slider = (tab: Page, name: string, setting = 'A') =>
  tab.getByRole('group', { name: `Setting ${setting}`, exact: true }).getByRole('slider', { name });

async function ask(tab: Page): Promise<void> {
  await tab.getByRole('button', { name: 'Ask' }).click();
  await over(tab);
}

/** What axe finds, each with the elements it is about. */
async function violations(tab: Page): Promise<string[]> {
  const found = await tab.evaluate<AxeResults>('axe.run()');
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`); // prettier-ignore
}

describe.each([
  ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
  ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
  ['on a phone', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
  ['on a phone, dark', { colorScheme: 'dark', viewport: { width: 390, height: 844 } }],
] as const)('%s', (_, options) => {
  it('everybody can use it, before and after a question, and nothing is wider than the window', async () => {
    await using page = await opened(embedded.url, { ...options, reducedMotion: 'reduce' });
    const { tab, complaints } = page;
    await ready(tab);
    expect(await violations(tab)).toEqual([]);
    await tab.getByLabel('Compare two settings').check();
    expect(await tab.locator('.empty:visible').count()).toBe(2);
    await ask(tab);
    await tab.getByRole('button', { name: 'Copy a link' }).click();
    expect(await violations(tab)).toEqual([]);
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBe(options.viewport.width);
    expect(complaints).toEqual([]);
  });
});

describe('a question', () => {
  it('is answered with the sentences and totals that the server says', async () => {
    await using page = await opened(embedded.url);
    const { tab, complaints } = page;
    await ready(tab);
    await tab.getByRole('group', { name: 'Examples' }).getByRole('button').nth(1).click();
    const question = await tab.getByLabel('Question', { exact: true }).inputValue();
    await ask(tab);
    const answer = await embedded.post('/api/play', { question, settings: [{ coefficient: 0 }] });
    const events = (await answer.text())
      .split('\n\n')
      .filter((line) => line.startsWith('data: '))
      .map((line) => playEvent.parse(JSON.parse(line.slice(6))));
    const rounds = events.filter((event) => event.kind === 'round');
    const totals = events.find((event) => event.kind === 'end')?.totals;
    expect(await rowsOf(tab, 'A').count()).toBe(rounds.length);
    const struck = rounds.flatMap(({ changes }) =>
      changes.filter(({ kind }) => kind === 'removed'),
    );
    expect(await tab.locator('del').allTextContents()).toEqual(struck.map(({ text }, i) => (i === 0 ? text.trimStart() : expect.stringContaining(text.trim()) as string))); // prettier-ignore
    expect(struck.length).toBeGreaterThan(0);
    const shown = await tab.locator('.totals:visible dd').allTextContents();
    expect(shown.slice(0, 2)).toEqual([
      `${Math.round((totals?.copyRate ?? NaN) * 100)} %`,
      totals?.editRatio?.toFixed(2),
    ]);
    expect(await tab.getByRole('status').textContent()).toContain('Setting A: finished');
    expect(complaints).toEqual([]);
  });

  it('is shown with what the layers read, each cell by pointer and by keys', async () => {
    await using page = await opened(embedded.url);
    const { tab, complaints } = page;
    await ready(tab);
    await ask(tab);
    await tab.getByRole('button', { name: 'Readings of sentence 1 of setting A' }).click();
    const grid = tab.getByRole('grid', { name: 'sentence 1 at setting A' });
    expect(await grid.getByRole('row').count()).toBe(11);
    const meaning = tab.locator('#cell');
    const first = grid.getByRole('gridcell').first();
    await first.hover();
    expect(await meaning.textContent()).toMatch(/^Layer 9, boundary token, which chose the first word: [+−]?\d\.\d\d mean norms, /); // prettier-ignore
    await first.focus();
    await tab.keyboard.press('ArrowRight');
    await tab.keyboard.press('ArrowDown');
    expect(await meaning.textContent()).toMatch(/^Layer 8, token 1 “/);
    await tab.keyboard.press('End');
    const last = (await grid.getByRole('columnheader').count()) - 2;
    expect(await meaning.textContent()).toContain(`token ${last} `);
    expect(await tab.evaluate('document.activeElement.getAttribute("aria-label")')).toBe(await meaning.textContent()); // prettier-ignore
    expect(await grid.locator('td[tabindex="0"]').count()).toBe(1);
    expect(complaints).toEqual([]);
  });

  it('goes on from a sentence, or sentence by sentence at another strength', async () => {
    await using page = await opened(embedded.url);
    const { tab, complaints } = page;
    await ready(tab);
    await tab.getByLabel('Wait after each sentence').check();
    await ask(tab);
    expect(await rowsOf(tab, 'A').count()).toBe(1);
    const before = await rowsOf(tab, 'A').first().textContent();
    await slider(tab, 'Coefficient').press('Home');
    await tab.getByRole('button', { name: 'Next sentence' }).press('Enter');
    await rowsOf(tab, 'A').nth(1).waitFor();
    expect(await tab.evaluate('document.activeElement.id')).toBe('next');
    await over(tab);
    expect(await rowsOf(tab, 'A').first().textContent()).toBe(before);
    expect(await tab.locator('.strength:visible').textContent()).toContain('coefficient −1.00');
    await tab.getByLabel('Wait after each sentence').uncheck();
    await tab.getByRole('button', { name: 'Again from here: sentence 1 of setting A' }).click();
    await expect.poll(() => rowsOf(tab, 'A').first().textContent()).not.toBe(before);
    await over(tab);
    expect(complaints).toEqual([]);
  });

  it('is corrected at another strength from the next sentence on, where a slider is moved', async () => {
    await using server = await gatedSteerable();
    await using page = await opened(server.url);
    const { tab, complaints } = page;
    await ready(tab);
    await tab.getByRole('button', { name: 'Ask' }).click();
    await expect.poll(() => server.gate.waiting).toBe(1);
    server.gate.release();
    await rowsOf(tab, 'A').first().waitFor();
    await expect.poll(() => server.gate.waiting).toBe(1);
    const before = await rowsOf(tab, 'A').first().textContent();
    const [request] = await Promise.all([
      tab.waitForRequest(/api\/play$/),
      slider(tab, 'Coefficient').press('End'),
    ]);
    const { prefix, settings } = request.postDataJSON() as { prefix: string; settings: object[] };
    expect(prefix).toContain('=');
    expect(settings).toEqual([{ coefficient: 1, direction: 'own' }]);
    await tab.getByText('Corrected at coefficient 1.00').waitFor();
    await expect.poll(() => server.gate.waiting).toBe(1);
    server.gate.release();
    await rowsOf(tab, 'A').nth(1).waitFor();
    expect(await rowsOf(tab, 'A').first().textContent()).toBe(before);
    await tab.getByRole('button', { name: 'Stop' }).click();
    expect(complaints).toEqual([]);
  });
});

describe('the settings', () => {
  it('are asked for as they stand, and a change is applied to the whole answer again', async () => {
    await using page = await opened(embedded.url);
    const { tab, complaints } = page;
    const bodies: Record<string, unknown>[] = [];
    tab.on('request', (request) => {
      if (request.url().endsWith('/api/play')) bodies.push(request.postDataJSON() as Record<string, unknown>); // prettier-ignore
    });
    await ready(tab);
    await tab.getByLabel('Seed').fill('7');
    await tab.getByLabel('Temperature').fill('0.5');
    await tab.getByLabel('Most rounds').fill('3');
    await tab.getByLabel('Compare two settings').check();
    await ask(tab);
    const shared = { seed: 7, temperature: 0.5, rounds: 3, prefix: '' };
    expect(bodies).toMatchObject([
      { ...shared, settings: [{ coefficient: 0, direction: 'own' }] },
      { ...shared, settings: [{ coefficient: 1, direction: 'own' }] },
    ]);
    await tab.getByLabel('the whole answer, again').check();
    const moved = async (act: () => Promise<unknown>): Promise<unknown> => {
      const before = bodies.length;
      await Promise.all([tab.waitForRequest(/api\/play$/), act()]);
      await over(tab);
      expect(bodies.length).toBe(before + 1);
      return bodies.at(-1)?.settings;
    };
    expect(await moved(() => slider(tab, 'Coefficient').press('ArrowLeft'))).toEqual([{ coefficient: -0.05, direction: 'own' }]); // prettier-ignore
    expect(await moved(() => slider(tab, 'First steered layer').press('ArrowLeft'))).toEqual([{ coefficient: -0.05, direction: 'own', layers: [7, 8] }]); // prettier-ignore
    expect(await moved(() => slider(tab, 'Last steered layer').press('Home'))).toEqual([{ coefficient: -0.05, direction: 'own', layers: [0] }]); // prettier-ignore
    expect(await moved(() => slider(tab, 'First steered layer').press('End'))).toEqual([{ coefficient: -0.05, direction: 'own', layers: [9] }]); // prettier-ignore
    const group = tab.getByRole('group', { name: 'Setting A', exact: true });
    const direction = group.getByLabel('Direction');
    expect(await moved(() => direction.selectOption('calibrated'))).toEqual([{ coefficient: -0.05, direction: 'calibrated' }]); // prettier-ignore
    expect(await group.textContent()).toContain('expects an edit ratio of 0.19');
    const mode = group.getByLabel('Strength is given as');
    expect(await moved(() => mode.selectOption('target'))).toMatchObject([{ direction: 'calibrated' }]); // prettier-ignore
    expect(await moved(() => slider(tab, 'Edit ratio').press('End'))).toEqual([{ target: 0.6, direction: 'calibrated' }]); // prettier-ignore
    expect(await tab.locator('.strength').first().textContent()).toContain('coefficient 1.00, aimed at an edit ratio of 0.60'); // prettier-ignore
    expect(await moved(() => mode.selectOption('off'))).toEqual([{ off: true }]);
    expect(await tab.locator('.totals').first().textContent()).toContain('100 %');
    expect(await tab.locator('#mapCaption').textContent()).toContain('the corrector was off');
    expect(complaints).toEqual([]);
  });

  it('stand on the calibration curve, with what was asked for and what came of it', async () => {
    await using page = await opened(embedded.url);
    const { tab, complaints } = page;
    await ready(tab);
    const group = tab.getByRole('group', { name: 'Setting A', exact: true });
    const curve = group.getByRole('img', { name: 'Calibration curve' });
    const said = async (): Promise<string> => (await curve.getAttribute('aria-label')) ?? '';
    await group.getByLabel('Direction').selectOption('calibrated');
    expect(await said()).toBe('Calibration curve: mean edit ratio from 0.00 at coefficient −1.00 to 0.60 at 1.00. Asked for: 0.20 at coefficient 0.00.'); // prettier-ignore
    await slider(tab, 'Coefficient').fill('0.5');
    expect(await said()).toContain('Asked for: 0.40 at coefficient 0.50.');
    await group.getByLabel('Strength is given as').selectOption('target');
    await slider(tab, 'Edit ratio').fill('0.1');
    expect(await said()).toContain('Asked for: 0.10 at coefficient −0.50.');
    await ask(tab);
    const ratio = await tab.locator('.totals:visible dd[data-of=editRatio]').textContent();
    expect(await said()).toMatch(new RegExp(` This answer: ${ratio} at coefficient −0.50.$`));
    const [line, asked] = await Promise.all(['.line', 'circle'].map((one) => curve.locator(one).boundingBox())); // prettier-ignore
    if (!line || !asked) throw new Error('the curve or what was asked for is not drawn');
    // A quarter of the way along, and a sixth of the way up.
    expect((asked.x + asked.width / 2 - line.x) / line.width).toBeCloseTo(0.25, 1);
    expect(1 - (asked.y + asked.height / 2 - line.y) / line.height).toBeCloseTo(1 / 6, 1);
    // It was measured at the layers as saved.
    await group.getByLabel('Strength is given as').selectOption('coefficient');
    expect(await curve.count()).toBe(1);
    await slider(tab, 'First steered layer').press('Home');
    expect(await curve.count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('are shared as a link, and a link that holds anything else does no harm', async () => {
    await using page = await opened(embedded.url, {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const { tab, complaints } = page;
    await ready(tab);
    await tab.getByLabel('Question', { exact: true }).fill('What are 2 & 3 # together?');
    await tab.getByLabel('Compare two settings').check();
    await slider(tab, 'Coefficient', 'B').press('Home');
    await slider(tab, 'First steered layer', 'B').press('ArrowLeft');
    await tab.getByLabel('Seed').fill('5');
    await tab.getByRole('button', { name: 'Copy a link' }).click();
    const link = await tab.getByLabel('Link to these settings').inputValue();
    expect(await tab.evaluate('navigator.clipboard.readText()')).toBe(link);
    await using second = await opened(link);
    await ready(second.tab);
    expect(await second.tab.getByLabel('Question', { exact: true }).inputValue()).toBe('What are 2 & 3 # together?'); // prettier-ignore
    expect(await slider(second.tab, 'Coefficient', 'B').inputValue()).toBe('-1');
    expect(await second.tab.getByText('Pushed towards copying at layers 7 to 8').count()).toBe(1);
    expect(await second.tab.getByLabel('Seed').inputValue()).toBe('5');
    const hostile = `#question=${encodeURIComponent(hostileText)}&seed=-1&rounds=1e9&applies="]&setting={"coefficient":"x","layers":[1,"a",99]}&setting=null&setting=[`;
    await using third = await opened(`${embedded.url}/${hostile}`);
    await ready(third.tab);
    expect(await third.tab.getByLabel('Question', { exact: true }).inputValue()).toBe(hostileText);
    expect(await third.tab.getByLabel('Most rounds').inputValue()).toBe('16');
    await ask(third.tab);
    expect(await third.tab.title()).toContain('aligner-lab');
    expect([...complaints, ...second.complaints, ...third.complaints]).toEqual([]);
  });

  it('and their answers are saved as JSON', async () => {
    await using page = await opened(embedded.url);
    const { tab, complaints } = page;
    await ready(tab);
    expect(await tab.getByRole('button', { name: 'Save as JSON' }).isDisabled()).toBe(true);
    await ask(tab);
    const download = tab.waitForEvent('download');
    await tab.getByRole('button', { name: 'Save as JSON' }).click();
    const saved = JSON.parse(readFileSync(await (await download).path(), 'utf8')) as { answers: { text: string; rounds: { text: string; readings: { layers: number } }[] }[] }; // prettier-ignore
    const [answer] = saved.answers;
    expect(answer?.text).toBe(answer?.rounds.map(({ text }) => text).join(''));
    expect(answer?.rounds[0]?.readings.layers).toBe(10);
    expect(complaints).toEqual([]);
  });
});

describe('a run folder', () => {
  it('is saved as one file, and opened again with all rounds and readings', async () => {
    await using page = await opened(embedded.url);
    const { tab, complaints } = page;
    await ready(tab);
    await tab.getByLabel('Compare two settings').check();
    const save = tab.getByRole('button', { name: 'Save as run folder' });
    expect(await save.isDisabled()).toBe(true);
    await ask(tab);
    const download = tab.waitForEvent('download');
    await save.click();
    const saved = await download;
    const name = saved.suggestedFilename();
    expect(name).toMatch(/^play-\d{14}\.tar$/);
    const folder = mkdtempSync(join(tmpdir(), 'play-'));
    execFileSync('tar', ['xf', await saved.path(), '-C', folder]);
    const unpacked = join(folder, name.replace('.tar', ''));
    const run = await readPlayRun(unpacked);
    if (process.env.PLAY_EXAMPLE) cpSync(unpacked, process.env.PLAY_EXAMPLE, { recursive: true });
    rmSync(folder, { recursive: true });
    expect(run.manifest).toMatchObject({ command: 'play', seeds: { seed: 0 } });
    expect(run.manifest.inputs.map(({ path, sha256 }) => [path, sha256.length])).toEqual([['upstream-arithmetic', 64], ['corrector-arithmetic-m', 64]]); // prettier-ignore
    for (const [i, setting] of (['A', 'B'] as const).entries()) {
      const rounds = run.records.filter((record) => record.setting === setting);
      const answer = run.summary.answers[i];
      expect(await rowsOf(tab, setting).count()).toBe(rounds.length);
      expect(answer).toMatchObject({ setting, rounds: rounds.length, text: rounds.map(({ text }) => text).join('') }); // prettier-ignore
      expect(rounds[0]?.readings?.layers).toBe(10);
      expect(answer?.strength?.coefficient).toBe(i);
    }
    expect(complaints).toEqual([]);
  });
});

describe('what goes wrong', () => {
  it('can be stopped, and the server hears of it', async () => {
    await using server = await gatedServer();
    await using page = await opened(server.url);
    const { tab, complaints } = page;
    await ready(tab);
    expect(await tab.getByText('is not steered here').first().isVisible()).toBe(true);
    await tab.getByRole('button', { name: 'Ask' }).click();
    await expect.poll(() => server.gate.waiting).toBe(1);
    server.gate.release();
    await rowsOf(tab, 'A').first().waitFor();
    expect(await tab.locator('#answers').getAttribute('aria-busy')).toBe('true');
    await tab.getByRole('button', { name: 'Stop' }).click();
    await tab.getByRole('article').getByText('Stopped.').waitFor();
    await expect.poll(() => server.log.at(-1)).toMatchObject({ route: '/api/play', status: 499 });
    expect(await tab.getByRole('button', { name: 'Stop' }).isDisabled()).toBe(true);
    await tab.getByRole('button', { name: 'Next sentence' }).click();
    await expect.poll(() => server.gate.waiting).toBe(1);
    server.gate.release();
    await rowsOf(tab, 'A').nth(1).waitFor();
    await tab.getByRole('button', { name: 'Stop' }).click();
    expect(complaints).toEqual([]);
  });

  it('is text where models write markup', async () => {
    await using server = await hostileServer();
    await using page = await opened(server.url);
    const { tab, complaints } = page;
    await ready(tab);
    await ask(tab);
    expect(await rowsOf(tab, 'A').first().textContent()).toContain(hostileText);
    expect(await tab.locator('#models').textContent()).toContain(hostileText);
    expect(await tab.locator('main img, main script').count()).toBe(0);
    expect(await tab.title()).toContain('aligner-lab');
    expect(complaints).toEqual([]);
  });

  it('is said in a sentence: a refusal, a server that is gone', async () => {
    await using server = await testServer({ audit: 'none' });
    await using page = await opened(server.url);
    const { tab } = page;
    await ready(tab);
    await ask(tab);
    const alert = tab.getByRole('alert');
    expect(await alert.textContent()).toContain('does not tell what the upstream wrote');
    await server.end(AbortSignal.timeout(1));
    await ask(tab);
    expect(await alert.textContent()).toBe('The server cannot be reached. Is it still running?');
    expect(await violations(tab)).toEqual([]);
  });

  it('asks for the key where the server wants one', async () => {
    await using server = await testServer({ keys: ['sk-one'] });
    await using page = await opened(server.url);
    const { tab } = page;
    const key = tab.getByLabel('This server wants a key');
    await key.fill('sk-two');
    expect(await violations(tab)).toEqual([]);
    await tab.getByRole('button', { name: 'Use this key' }).click();
    await tab.getByRole('alert').getByText('does not know this key').waitFor();
    await key.fill('sk-one');
    await key.press('Enter');
    await ready(tab);
    expect(await key.isVisible()).toBe(false);
    await ask(tab);
    expect(await rowsOf(tab, 'A').count()).toBeGreaterThan(1);
  });
});
