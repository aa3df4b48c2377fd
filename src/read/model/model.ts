/** A model to play with: write, read, steer, patch and look through the lens, a text at a time. */
import { describeContext } from '../../runtime/contextLimit.js';
import type { Finish, LanguageModel, Sampling } from '../../runtime/decoder.js';
import type { Identity } from '../../runtime/identity.js';
import { loadLanguageModel, type LoadOptions } from '../../runtime/load.js';
import type { ModelFiles } from '../../runtime/modelFiles.js';
import type { Steering } from '../../runtime/steering.js';
import { cleanOutput } from '../../text/modelOutput.js';
import type { TextNote } from '../../text/notes.js';
import { lensLogits } from './lens.js';
import { patchText, type PatchedText, type PatchOptions } from './patchText.js';
import { topPredictions, type Prediction } from './predictions.js';
import { goesOn, promptTokens, type Prompt, type PromptOptions } from './prompt.js';
import { readText, type ReadTextOptions, type TextStates } from './readText.js';
import { toSteering, type Steer } from './steer.js';
import { tokenText } from '../../runtime/tokenText.js';

export interface WriteOptions extends PromptOptions {
  steer?: Steer;
  /** Default 128. */
  maxNewTokens?: number;
  /** Default: greedy. */
  sampling?: Sampling;
  signal?: AbortSignal;
}

/** What a model wrote. */
export interface Generation {
  /**
   * Without surrounding white space, which stays where it goes on with a text or a begun answer; and
   * without control characters.
   */
  text: string;
  /** `controls`: there were control characters. Absent: nothing is worth a note. */
  notes?: readonly TextNote[];
  /** Generated tokens as text, the end of turn included (special tokens are empty). */
  tokens: string[];
  /** `length`, `context` (no positions are left): it had not ended; the text is what there was. */
  finish: Finish;
}

export interface LensTextOptions extends PromptOptions {
  /** Predictions per layer. Default 5. */
  top?: number;
}

/** A loaded model with what one does by hand. */
export interface Model extends AsyncDisposable {
  readonly name: string;
  readonly identity: Identity;
  /** Blocks. */
  readonly layers: number;
  /** `D` */
  readonly width: number;
  /** What experiments, correctors and readers take. */
  readonly languageModel: LanguageModel;
  /** Writes an answer, or goes on with a text. @throws as {@link toSteering}; on a prompt too long. */
  generate(prompt: Prompt, options?: WriteOptions): Promise<Generation>;
  /** Hidden states with their tokens. */
  read(prompt: Prompt, options?: ReadTextOptions): Promise<TextStates>;
  /** Replaces hidden states and says what would be written next; without patches, the plain run. */
  patch(prompt: Prompt, options: PatchOptions): Promise<PatchedText>;
  /** What every layer would write next, were it the last: `[L]`, see {@link lensLogits}. */
  lens(prompt: Prompt, options?: LensTextOptions): Promise<Prediction[][]>;
  close(): Promise<void>;
}

/**
 * Opens a model to play with: an embedded model's name, a folder, an `.onnx` file, or
 * `org/name[@revision][:variant]` of the Hugging Face hub.
 * @throws where nothing of that name can be loaded.
 *
 * @example
 * const model = await open('corrector-arithmetic-m');
 * const { text } = await model.generate('How many are 2 + 3?', { maxNewTokens: 32 });
 * const states = await model.read('How many are 2 + 3?', { layers: [2], positions: [-1] });
 * const direction = states.at(2, -1); // float32 [D]
 * const steer = { direction, layers: [2], coefficient: 0.5 };
 * const pushed = await model.generate('How many are 2 + 3?', { steer });
 * await model.close();
 */
export async function open(
  name: string | ModelFiles,
  options: Omit<LoadOptions, 'model'> = {},
): Promise<Model> {
  return createModel(await loadLanguageModel({ ...options, model: name }));
}

/** The same over a model that is loaded; closing it closes that. */
export function createModel(languageModel: LanguageModel): Model {
  const { decoder, tokenizer, name, identity } = languageModel;
  const { layers, width } = decoder.info;
  const steering = (steer: Steer | undefined): Steering | undefined =>
    steer && toSteering(steer, decoder.info);
  const close = (): Promise<void> => languageModel.close();
  return {
    ...{ name, identity, layers, width, languageModel, close },
    [Symbol.asyncDispose]: close,
    async generate(prompt, options = {}) {
      const { maxNewTokens = 128, sampling, signal, steer } = options;
      const asked = promptTokens(languageModel, prompt, options);
      const { rows } = await decoder.generate({
        prompts: [asked],
        ...{ maxNewTokens, stop: tokenizer.endOfTurn, sampling, signal },
        steering: steering(steer),
      });
      const [row] = rows;
      if (!row) throw new Error(`generate: ${name} gave no row (expected 1)`);
      if (row.tokens.length === 0) refusePrompt(asked, decoder.info);
      const { text: written, controls } = cleanOutput(tokenizer.decode(row.tokens));
      const tokens = row.tokens.map((id) => tokenText(tokenizer, id));
      return {
        text: goesOn(prompt, options) ? written : written.trim(),
        tokens,
        finish: row.finish,
        ...(controls && { notes: ['controls'] }),
      };
    },
    read: (prompt, options = {}) => readText(languageModel, prompt, options),
    patch: (prompt, options) => patchText(languageModel, prompt, options),
    async lens(prompt, options = {}) {
      const [rows = []] = await lensLogits(decoder, [promptTokens(languageModel, prompt, options)]);
      return rows.map((logits) => topPredictions(logits, tokenizer, options.top ?? 5));
    },
  };
}

/** @throws saying how long it is. */
function refusePrompt(
  prompt: readonly number[],
  { context }: LanguageModel['decoder']['info'],
): never {
  const end = { tokens: prompt.length, positions: context?.positions ?? prompt.length };
  throw new Error(
    `generate: the prompt leaves no room: ${describeContext(end)} (${context?.source ?? 'unknown'}); shorten it`,
  );
}
