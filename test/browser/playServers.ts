/** Servers for the page: the embedded pair with two directions, and scripted models. */
import { openCorrector, openUpstream } from '../../src/align/open.js';
import { correctorFromFunction } from '../../src/align/functions.js';
import { embedded } from '../../src/data/artifacts.js';
import type { Calibration } from '../../src/experiment/calibrate/shape.js';
import { openKnobs } from '../../src/serve/openKnobs.js';
import type { NamedKnob } from '../../src/serve/strength.js';
import { fakeUpstream, inTurn } from '../align/fakes.js';
import { testServer, type TestServer } from '../serve/harness.js';

const silent = (): void => undefined;
const zeros = { sha256: ''.padEnd(64, '0') };

/** Planted: nobody measured it. Coefficients −1, 0 and 1 give edit ratios 0, 0.2 and 0.6. */
function calibrationOf({ knob }: NamedKnob): Calibration {
  const point = (coefficient: number, mean: number): Calibration['points'][number] => ({
    ...{ coefficient, mean, fitted: mean, n: 9, sd: 0.1, copyRate: null },
  });
  return {
    format: 'aligner-lab.calibration.v1',
    model: { name: 'planted', ...zeros },
    upstream: { name: 'planted', ...zeros },
    direction: zeros,
    ...{ layers: [...knob.layers], unitValue: [...knob.unitValue], positions: knob.positions },
    ...{ metric: 'editRatio', prompts: { name: 'none', n: 9 }, heldOut: null, warnings: [] },
    points: [point(-1, 0), point(0, 0.2), point(1, 0.6)],
    reach: [0, 0.6],
  };
}

/** The embedded pair; its own direction under two names, the second calibrated. `off` is allowed. */
export async function embeddedServer(): Promise<TestServer> {
  const upstream = await openUpstream(embedded.upstream);
  const corrector = await openCorrector(embedded.corrector);
  const opened = { upstream: upstream.identity.sha256, corrector, warn: silent, note: silent };
  const [own] = await openKnobs(opened);
  if (!own) throw new Error('the embedded corrector has no direction of its own');
  const calibrated = { ...own, name: 'calibrated', calibration: calibrationOf(own) };
  const rules = { knobs: [own, calibrated], defaults: {}, maxCoefficient: 1, allowOff: true };
  const server = await testServer({ upstream, corrector, rules, name: 'embedded' });
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await corrector.close();
      await upstream.close();
    },
  };
}

/** Text that must stay text. */
export const hostileText = `<img src=x onerror="document.title='run'"><script>document.title='run'</script>`;

export function hostileServer(): Promise<TestServer> {
  const sentences = [`One ${hostileText} is 1.`, 'Two is 3.'];
  return testServer({
    upstream: fakeUpstream(inTurn(sentences)),
    corrector: correctorFromFunction({
      name: `hostile ${hostileText}`,
      correct: (inputs) => inputs.map(({ last }) => last.replace('Two is 3', `Two ${hostileText}`)),
    }),
  });
}

/** Each sentence is let go by `release`. */
export async function gatedServer(): Promise<
  TestServer & { release: () => void; waiting: () => number }
> {
  const waiting: (() => void)[] = [];
  const corrector = correctorFromFunction({
    name: 'gated',
    correct: async (inputs, { signal }) => {
      await new Promise<void>((resolve, reject) => {
        waiting.push(resolve);
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
      return inputs.map(({ last }) => last);
    },
  });
  const server = await testServer({ corrector });
  const release = (): void => waiting.splice(0).forEach((go) => go());
  return { ...server, release, waiting: () => waiting.length };
}
