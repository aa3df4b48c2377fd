/** Servers for the page: the embedded pair with two directions, and scripted models. */
import { openCorrector, openUpstream } from '../../src/align/open.js';
import { correctorFromFunction } from '../../src/align/functions.js';
import type { Corrector } from '../../src/align/corrector.js';
import type { Upstream } from '../../src/align/upstream.js';
import { embedded } from '../../src/data/artifacts.js';
import type { Calibration } from '../../src/experiment/calibrate/shape.js';
import { installedVersions } from '../../src/record/versions.js';
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
  const { corrector, rules } = await steerable(upstream);
  const version = installedVersions()['aligner-lab'] ?? '';
  return closing(await testServer({ upstream, corrector, rules, version, name: 'embedded' }), [
    ...[corrector, upstream],
  ]);
}

/** The embedded corrector behind an upstream whose sentences are let go by `release`. */
export async function gatedSteerable(): Promise<Gated> {
  const gate = new Gate();
  const scripted = fakeUpstream(inTurn(['3 + 4 = 7.', '7 - 2 = 6.', 'The answer is 6.']));
  const upstream: Upstream = {
    ...scripted,
    async nextSentences(inputs, options) {
      await gate.pass(options?.signal);
      return await scripted.nextSentences(inputs);
    },
  };
  const { corrector, rules } = await steerable(upstream);
  return { ...closing(await testServer({ upstream, corrector, rules }), [corrector]), gate };
}

async function steerable(upstream: Upstream) {
  const corrector = await openCorrector(embedded.corrector);
  const opened = { upstream: upstream.identity.sha256, corrector, warn: silent, note: silent };
  const [own] = await openKnobs(opened);
  if (!own) throw new Error('the embedded corrector has no direction of its own');
  const calibrated = { ...own, name: 'calibrated', calibration: calibrationOf(own) };
  const rules = { knobs: [own, calibrated], defaults: {}, maxCoefficient: 1, allowOff: true };
  return { corrector, rules };
}

/** A server that closes its models when it has ended. */
function closing(server: TestServer, models: readonly (Corrector | Upstream)[]): TestServer {
  return {
    ...server,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      for (const model of models) await model.close();
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

/** Lets through whoever waits, when it is told to. */
class Gate {
  #waiting: (() => void)[] = [];

  get waiting(): number {
    return this.#waiting.length;
  }

  pass(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve);
      signal?.addEventListener('abort', () => {
        this.#waiting = this.#waiting.filter((one) => one !== resolve);
        reject(new Error('aborted'));
      });
    });
  }

  release(): void {
    this.#waiting.splice(0).forEach((go) => go());
  }
}
export type Gated = TestServer & { gate: Gate };

/** Each sentence is copied when `gate` lets it go; nothing can be steered. */
export async function gatedServer(): Promise<Gated> {
  const gate = new Gate();
  const corrector = correctorFromFunction({
    name: 'gated',
    correct: async (inputs, { signal }) => {
      await gate.pass(signal);
      return inputs.map(({ last }) => last);
    },
  });
  return { ...(await testServer({ corrector })), gate };
}
