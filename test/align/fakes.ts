/** Scripted models for the tests of `align`: what they say follows from what they are asked. */
import type { Correction, Corrector, CorrectionInput } from '../../src/align/corrector.js';
import { functionIdentity, opened, type Opened } from '../../src/align/opened.js';
import type { Upstream, UpstreamInput, UpstreamText } from '../../src/align/upstream.js';
import { withSeam } from '../../src/text/seam.js';
import type {
  Decoder,
  GenerateRequest,
  GenerateRow,
  LanguageModel,
  PrefixCache,
} from '../../src/runtime/decoder.js';

/** The common part of a fake. */
export function named(name: string): Opened {
  return opened({ name, identity: functionIdentity(name) });
}

/** An upstream that says `say(input)`, null for nothing more. It logs the inputs of every call. */
export function fakeUpstream(
  say: (input: UpstreamInput) => string | null,
  rest: (input: UpstreamInput) => string = () => '',
): Upstream & { calls: UpstreamInput[][]; finished: UpstreamInput[][] } {
  const calls: UpstreamInput[][] = [];
  const finished: UpstreamInput[][] = [];
  const toText = (text: string | null, ended: boolean, first: number): UpstreamText => ({
    text: text ?? '',
    ended,
    tokens: (text ?? '').length + 1,
    firstTextMilliseconds: text ? first : null,
  });
  const sentence = (text: string | null): UpstreamText => toText(text, text === null, 3);
  return {
    ...named('fake-upstream'),
    calls,
    finished,
    nextSentences(inputs) {
      calls.push([...inputs]);
      return Promise.resolve(inputs.map((input) => sentence(behind(input, say(input)))));
    },
    finish(inputs) {
      finished.push([...inputs]);
      return Promise.resolve(inputs.map((input) => toText(behind(input, rest(input)), true, 9)));
    },
  };
}

function behind({ prefix }: UpstreamInput, text: string | null): string | null {
  return text === null ? null : withSeam(prefix, text);
}

/** A corrector that answers `revise(input)`, y1 without white space around it; logs the inputs of every call. */
export function fakeCorrector(
  revise: (input: CorrectionInput) => string,
): Corrector & { calls: CorrectionInput[][] } {
  const calls: CorrectionInput[][] = [];
  return {
    ...named('fake-corrector'),
    readable: true,
    calls,
    correct(inputs) {
      calls.push([...inputs]);
      return Promise.resolve(
        inputs.map((input): Correction => {
          const text = revise({ ...input, last: input.last.trim() });
          return { text, tokens: text.length + 1, finish: 'stop', readings: null };
        }),
      );
    },
  };
}

/** Says the sentences of a list in turn, by how many sentences (full stops) the prefix has. */
export function inTurn(sentences: readonly string[]): (input: { prefix: string }) => string | null {
  return ({ prefix }) => sentences[prefix.split('.').length - 1] ?? null;
}

export const endOfTurn = 1;

export interface FakeModel extends LanguageModel {
  requests: GenerateRequest[];
  open: Set<number>;
}

/**
 * A model with one token per character that continues every prompt with what `write` says; the
 * prompt it sees is the decoded text. Two layers of width 1; each projection is its entry's number.
 */
export function fakeModel(write: (prompt: string) => string): FakeModel {
  const requests: GenerateRequest[] = [];
  const open = new Set<number>();
  const decode = (ids: readonly number[]): string =>
    String.fromCodePoint(...ids.filter((id) => id !== endOfTurn));
  const row = (prompt: readonly number[], request: GenerateRequest): GenerateRow => {
    const ids = [...write(decode(prompt))].map((letter) => letter.codePointAt(0) ?? 0);
    const all = [...ids, endOfTurn];
    const stop = all.findIndex((id) => request.stop.includes(id));
    const length = Math.min(stop < 0 ? all.length : stop + 1, request.maxNewTokens);
    const values = Float32Array.from(
      { length: length * 2 * (request.project?.count ?? 0) },
      (_, i) => i,
    );
    return {
      tokens: all.slice(0, length),
      finish: stop >= 0 && length === stop + 1 ? 'stop' : 'length',
      projections: values,
      states: new Float32Array(0),
    };
  };
  const decoder: Decoder = {
    info: {
      source: 'fake',
      sha256: '',
      device: 'cpu',
      layers: 2,
      width: 1,
      vocabulary: 128,
    },
    forward: () => Promise.reject(new Error('fake: no forward')),
    generate(request) {
      requests.push(request);
      request.signal?.throwIfAborted();
      const rows = request.prompts.map((prompt) => row(prompt, request));
      return Promise.resolve({ rows, milliseconds: 1, computedTokens: 0, draftedTokens: 0 });
    },
    openCache(): PrefixCache {
      const cache = { id: requests.length * 1000 + open.size };
      open.add(cache.id);
      return cache;
    },
    closeCache(cache) {
      open.delete(cache.id);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return {
    ...named('fake-model'),
    requests,
    open,
    decoder,
    tokenizer: {
      encode: (text) => [...text].map((letter) => letter.codePointAt(0) ?? 0),
      decode,
      chatPrompt: (user) => `<${user}>`,
      chat: () => '',
      encodePlain: () => [],
      endOfTurn: [endOfTurn],
    },
  };
}

/** A model that has whole answers by heart, by question: it continues any prefix of one. */
export function reciter(answers: Record<string, string>): FakeModel {
  return fakeModel((prompt) => {
    const [, question = '', prefix = ''] = /^<([^>]*)>(.*)$/su.exec(prompt) ?? [];
    const answer = answers[question] ?? '';
    return answer.startsWith(prefix) ? answer.slice(prefix.length) : '';
  });
}
