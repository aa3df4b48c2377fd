/** Correctors and Aligners behind an OpenAI-compatible server: text alone, neither read nor steered. */
import type { Identity } from '../../runtime/identity.js';
import type { Client } from '../../wire/client.js';
import { withheldAnswer } from '../../wire/errors.js';
import { chatRequest, type Asking } from '../../wire/ways.js';
import type { Aligner, AlignerCorrection } from '../aligner.js';
import type { Corrector } from '../corrector.js';
import { opened } from '../opened.js';
import {
  alignerPrompt,
  promptMarkers,
  streamAlignerPrompt,
  wholeAnswerPrompt,
} from '../prompts.js';
import { refuseTreatment } from '../readable.js';
import { settleText } from '../settled.js';
import { contextIn } from './context.js';
import { inOrder } from './inOrder.js';
import { paidKey, type PaidAnswers } from './tapes.js';

export interface ServedModel {
  client: Client;
  identity: Identity;
  asking: Asking;
  /** Answers of earlier runs. Default: none are kept. */
  paid?: PaidAnswers | undefined;
}

/** A corrector whose user message is Stream Aligner's prompt; the server renders its own chat. */
export function servedCorrector(model: ServedModel): Corrector {
  const own = openedModel(model);
  const markers = promptMarkers(streamAlignerPrompt);
  return {
    ...own,
    readable: false,
    async correct(inputs, request = {}) {
      refuseTreatment(own, inputs, request);
      const ask = (
        input: (typeof inputs)[number],
        signal: AbortSignal,
      ): Promise<AlignerCorrection> =>
        correction(model, {
          prompt: streamAlignerPrompt(input),
          last: input.last,
          markers,
          signal,
        });
      const corrections = await inOrder(inputs, ask, request.signal);
      return corrections.map((one) => ({ ...one, readings: null }));
    },
  };
}

/** An Aligner whose user message is Aligner's prompt of today. */
export function servedAligner(model: ServedModel): Aligner {
  const markers = promptMarkers(wholeAnswerPrompt);
  return {
    ...openedModel(model),
    readable: false,
    correct: (answers, { signal } = {}) =>
      inOrder(
        answers,
        (answer, ending) =>
          correction(model, {
            ...{ prompt: alignerPrompt(answer), last: answer.answer, markers, signal: ending },
          }),
        signal,
      ),
  };
}

function openedModel({ identity, paid }: ServedModel): ReturnType<typeof opened> {
  const close = (): Promise<void> => paid?.close?.() ?? Promise.resolve();
  return opened({ name: identity.name, identity, close });
}

interface Asked {
  prompt: string;
  last: string;
  markers: readonly string[];
  signal: AbortSignal;
}

async function correction(
  { client, identity, asking, paid }: ServedModel,
  { prompt, last, markers, signal }: Asked,
): Promise<AlignerCorrection> {
  const request = chatRequest({ question: prompt }, asking);
  const key = paidKey(identity.sha256, request);
  const known = paid?.get(key);
  // One that was kept before such answers were told apart is asked anew.
  if (known?.finish && !withheldAnswer(client.address.shown, known.finish)) {
    client.meter.remembered();
    return { ...settleText(last, known.text, markers), tokens: 0, finish: finishOf(known.finish) };
  }
  try {
    return await client.answer({ ...request, signal }, async (reply) => {
      await reply.until(() => false, signal);
      const { text, finish, usage, events } = reply;
      const withheld = withheldAnswer(client.address.shown, finish);
      if (withheld) throw withheld;
      await paid?.put({ key, text, finish });
      const tokens = usage?.completion ?? events;
      return { ...settleText(last, text, markers), tokens, finish: finishOf(finish) };
    });
  } catch (error) {
    const context = contextIn(error);
    if (!context) throw error;
    return { text: '', tokens: 0, finish: 'context', context };
  }
}

function finishOf(finish: string | null): 'stop' | 'length' {
  return finish === 'length' ? 'length' : 'stop';
}
