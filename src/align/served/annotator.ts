/** An annotator behind an OpenAI-compatible server: it writes the corrections that correctors learn. */
import { cleanOutput } from '../../text/modelOutput.js';
import { isSameText } from '../../text/copied.js';
import { ServerError } from '../../wire/errors.js';
import { chatRequest } from '../../wire/ways.js';
import { opened, type Opened } from '../opened.js';
import type { Passage } from '../prompts.js';
import { annotationFormat, annotationPrompt, annotationVersion, readAnnotation, type ServedAnnotation } from './annotation.js'; // prettier-ignore
import { contextIn } from './context.js';
import type { ServedModel } from './correctors.js';
import { inOrder } from './inOrder.js';
import { servedModel, type ServerOptions } from './open.js';
import { paidKey } from './tapes.js';

export interface Annotator extends Opened {
  /** One word per passage, in order; null where the annotator gave none that can be read. */
  annotate(
    passages: readonly Passage[],
    options?: { signal?: AbortSignal },
  ): Promise<(ServedAnnotation | null)[]>;
}

/**
 * Opens an annotator by its address, `http://host/v1#model`. Its answers are held to a schema where
 * the server can do that.
 * @throws as `openUpstream` does of a server.
 */
export async function openAnnotator(name: string, options: ServerOptions = {}): Promise<Annotator> {
  const model = await servedModel(name, options, 512);
  const settings = { ...model.identity.settings, prompt: annotationVersion };
  const identity = { ...model.identity, settings };
  const asked = { ...model, identity, held: { current: true } };
  return {
    ...opened({ name: identity.name, identity, close: () => model.paid?.close?.() ?? Promise.resolve() }), // prettier-ignore
    annotate: (passages, { signal } = {}) =>
      inOrder(passages, (passage, ending) => annotateOne(asked, passage, ending), signal),
  };
}

interface Asked extends ServedModel {
  /** Whether the server takes a schema; once it refused one, it is asked without. */
  held: { current: boolean };
}

async function annotateOne(
  model: Asked,
  passage: Passage,
  signal: AbortSignal,
): Promise<ServedAnnotation | null> {
  const { client, asking, identity, paid } = model;
  const request = chatRequest({ question: annotationPrompt(passage) }, asking);
  const key = paidKey(identity, request);
  const known = paid?.get(key);
  if (known?.finish) {
    client.meter.remembered();
    return settled(passage, known.text);
  }
  const held = model.held.current;
  const body = { ...request.body, ...(held && { response_format: annotationFormat }) };
  try {
    return await client.answer({ path: request.path, body, signal }, async (reply) => {
      await reply.until(() => false, signal);
      await paid?.put({ key, text: reply.text, finish: reply.finish });
      return settled(passage, reply.text);
    });
  } catch (error) {
    if (contextIn(error)) return null;
    const refused = error instanceof ServerError && [400, 404, 422].includes(error.status ?? 0);
    // Others that were asked at the same time are refused too.
    if (!refused || !held) throw error;
    model.held.current = false;
    return await annotateOne(model, passage, signal);
  }
}

/** A good sentence is y1 itself; a revision that is y1 counts as good whatever it is called. */
function settled({ last }: Passage, text: string): ServedAnnotation | null {
  const read = readAnnotation(text);
  if (!read) return null;
  const revision = cleanOutput(read.revision).text.trim();
  if (revision === '') return read.end ? { ...read, revision: '' } : null;
  const same = isSameText(last, revision);
  if (read.quality === 'good' || same) return { quality: same ? 'good' : 'neutral', revision: same ? last.trim() : revision, end: read.end }; // prettier-ignore
  return { ...read, revision };
}
