/**
 * An upstream behind an OpenAI-compatible server. Answers are streamed and cut into sentences here.
 * While a corrector copies, the answer is read on from the same stream, so that it stays the
 * server's own byte for byte; where a sentence was rewritten, the server is asked anew to go on
 * behind the rewritten prefix.
 */
import type { Identity } from '../../runtime/identity.js';
import { notesOf } from '../../text/notes.js';
import { withSeam } from '../../text/seam.js';
import type { Client } from '../../wire/client.js';
import { ServerError, withheldAnswer } from '../../wire/errors.js';
import type { Probed } from '../../wire/probe.js';
import { chatRequest, continuingRequest, type ServedSampling } from '../../wire/ways.js';
import { opened } from '../opened.js';
import { firstSentence } from '../sentence.js';
import { cleaned } from '../settled.js';
import type { Upstream, UpstreamInput, UpstreamText } from '../upstream.js';
import { contextIn } from './context.js';
import { inOrder } from './inOrder.js';
import { paidKey, Tape, Tapes, type PaidAnswers } from './tapes.js';

export interface ServedUpstreamOptions {
  client: Client;
  probed: Probed;
  identity: Identity;
  warnings?: readonly string[];
  /** Answers of earlier runs. Default: none are kept. */
  paid?: PaidAnswers | undefined;
  /** Whether answers that nobody reads are kept. Default true. */
  remember?: boolean | undefined;
  /** Milliseconds. Default `performance.now`. */
  clock?: () => number;
}

/** A sentence, or all that is left. */
type Wanted = 'sentence' | 'rest';

export function servedUpstream(options: ServedUpstreamOptions): Upstream {
  const { identity, warnings = [], probed } = options;
  const writer = new Writer(options);
  const each =
    (wanted: Wanted): Upstream['nextSentences'] =>
    (inputs, { signal, sampling } = {}) =>
      inOrder(
        inputs,
        (input, ending) => writer.write({ input, wanted, sampling, signal: ending }),
        signal,
      );
  return {
    ...opened({
      ...{ name: identity.name, identity },
      ...(warnings.length > 0 && { warnings }),
      close: () => writer.close(),
    }),
    caches: writer.caches,
    ...(probed.way === null && { answersOnly: whyNot(options) }),
    nextSentences: each('sentence'),
    finish: each('rest'),
  };
}

function whyNot({ client, probed }: ServedUpstreamOptions): string {
  const tried = Object.entries(probed.tried).map(([way, found]) => `${way} ${found}`);
  const template = probed.tried.completions ? '' : '; no chat template is known (--template)';
  return `${client.address.shown} goes on with no answer that has begun (${tried.join(', ')}${template})`;
}

let cacheIds = 0;

class Writer {
  readonly #options: ServedUpstreamOptions;
  readonly #clock: () => number;
  readonly #tapes = new Tapes();
  /** By the row's cache: the tape that it reads. */
  readonly #reading = new Map<number, Tape>();
  readonly caches: NonNullable<Upstream['caches']>;

  constructor(options: ServedUpstreamOptions) {
    this.#options = options;
    this.#clock = options.clock ?? ((): number => performance.now());
    this.caches = {
      anywhere: 'elsewhere',
      openCache: () => ({ id: ++cacheIds }),
      closeCache: ({ id }) => Promise.resolve(this.#move(id, null)),
    };
  }

  close(): Promise<void> {
    for (const id of [...this.#reading.keys()]) this.#move(id, null);
    return this.#options.paid?.close?.() ?? Promise.resolve();
  }

  async write(call: Call): Promise<UpstreamText> {
    const { input, sampling } = call;
    const { question, turns, sample = 0 } = input;
    const key = JSON.stringify([question, sample, turns ?? null, sampling ?? null]);
    for (const { tape } of this.#tapes.behind(key, input.prefix)) {
      if (!isWorth(tape, call)) continue;
      try {
        return await this.#read(tape, call);
      } catch (error) {
        if (!(error instanceof ServerError)) throw error;
        this.#tapes.remove(tape);
      }
    }
    return await this.#ask(key, call);
  }

  async #ask(key: string, call: Call): Promise<UpstreamText> {
    const { client, paid, identity, probed } = this.#options;
    const { input, signal } = call;
    const request = await this.#request(call);
    const answerKey = paidKey(identity.sha256, request);
    const known = paid?.get(answerKey);
    if (known) {
      const tape = new Tape(input.prefix, { paid: known });
      this.#tapes.add(key, tape);
      if (isWorth(tape, call)) {
        client.meter.remembered();
        return await this.#read(tape, call);
      }
    }
    const shape = shapeOf(probed, input.prefix);
    try {
      return await client.answer({ ...request, signal }, async (reply) => {
        const keep = paid && ((text: string, finish: string | null) => paid.put({ key: answerKey, text, finish })); // prettier-ignore
        const tape = new Tape(input.prefix, { reply, shape, ...(keep && { keep }) });
        this.#tapes.add(key, tape);
        try {
          return await this.#read(tape, call);
        } catch (error) {
          this.#tapes.remove(tape);
          throw error;
        }
      });
    } catch (error) {
      const context = contextIn(error);
      if (!context) throw error;
      return { text: '', ended: false, tokens: 0, firstTextMilliseconds: null, context };
    }
  }

  async #request({ input, sampling, signal }: Call): Promise<ReturnType<typeof chatRequest>> {
    const { probed } = this.#options;
    const { way, render } = probed;
    const asking = sampling ? { ...probed.asking, sampling } : probed.asking;
    const { question, turns, prefix, sample = 0 } = input;
    const asked = { question, turns };
    if (way === null && prefix !== '') {
      throw new Error(`upstream: ${whyNot(this.#options)}; ask it for whole answers only`);
    }
    const prompt = (await render?.(asked, signal)) ?? null;
    return way === null
      ? chatRequest(asked, asking, sample)
      : continuingRequest(way, { ...asked, prefix }, { asking, sample, prompt });
  }

  async #read(tape: Tape, { input, wanted, signal }: Call): Promise<UpstreamText> {
    const start = this.#clock();
    // Without a cache the row holds the tape for this text alone.
    const holder = input.cache?.id ?? tape;
    if (input.cache) this.#move(input.cache.id, tape);
    else tape.hold(holder);
    try {
      await tape.until(() => isThere(tape, { input, wanted }), signal);
      const rest = tape.behind(input.prefix) ?? '';
      // A sentence that was written before stands.
      const isCut = wanted === 'rest' || firstSentence(rest, false).sentence === null;
      const withheld = isCut ? withheldAnswer(this.#options.client.address.shown, tape.finish) : null; // prettier-ignore
      if (withheld) throw withheld;
      await tape.save();
      const elapsed = this.#clock() - start;
      return textOf(rest, { tape, wanted, elapsed });
    } finally {
      if (!input.cache) this.#letGo(tape, holder);
    }
  }

  /** A row reads another tape, or none: the one that nobody reads is ended. */
  #move(id: number, tape: Tape | null): void {
    const before = this.#reading.get(id);
    if (before === tape) return;
    tape?.hold(id);
    if (tape) this.#reading.set(id, tape);
    else this.#reading.delete(id);
    if (before) this.#letGo(before, id);
  }

  #letGo(tape: Tape, holder: unknown): void {
    const unread = tape.release(holder);
    if (unread && this.#options.remember === false) this.#tapes.remove(tape);
  }
}

interface Call {
  input: UpstreamInput;
  wanted: Wanted;
  /** In place of the upstream's own. */
  sampling?: ServedSampling | undefined;
  signal: AbortSignal;
}

/** Whether what is wanted stands on a tape. */
function isThere(tape: Tape, { input, wanted }: Pick<Call, 'input' | 'wanted'>): boolean {
  if (tape.finish !== null) return true;
  const rest = tape.behind(input.prefix);
  return wanted === 'sentence' && rest !== null && firstSentence(rest, false).sentence !== null;
}

/** Whether it stands there, or will. What was cut off is asked for anew from where the row stands. */
function isWorth(tape: Tape, call: Call): boolean {
  const { input, wanted } = call;
  if (tape.finish === 'length' && tape.prefix !== input.prefix) {
    const rest = tape.behind(input.prefix) ?? '';
    return wanted === 'sentence' && firstSentence(rest, false).sentence !== null;
  }
  return tape.isOpen || isThere(tape, call);
}

function textOf(
  rest: string,
  { tape, wanted, elapsed }: { tape: Tape; wanted: Wanted; elapsed: number },
): UpstreamText {
  const complete = tape.finish !== null;
  const found = firstSentence(rest, complete);
  const raw = wanted === 'rest' ? rest : (found.sentence ?? '');
  const last = wanted === 'rest' || (found.sentence !== null && found.ended);
  const text = raw.trim() === '' ? '' : raw;
  const first = Math.min(tape.firstTextMilliseconds ?? elapsed, elapsed);
  return {
    text,
    ended: last && complete && tape.finish !== 'length',
    tokens: tape.takeTokens(),
    firstTextMilliseconds: text === '' ? null : first,
    ...notesOf(tape.isCleaned ? ['controls'] : []),
  };
}

/** A reply's text as it stands behind the prefix. */
function shapeOf({ repeats, trims }: Probed, prefix: string): (text: string) => string {
  return (raw) => {
    const { text } = cleaned(raw);
    if (prefix === '') return text;
    const rest = repeats ? text.slice(prefix.length) : text;
    return trims ? withSeam(prefix, rest) : rest;
  };
}
