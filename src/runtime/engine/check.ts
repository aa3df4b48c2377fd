/** Checks of what callers ask, before anything runs. */
import { describeContext } from '../contextLimit.js';
import type { DecoderInfo, ForwardRequest, GenerateRequest, Projection } from '../decoder.js';
import type { Patch, Steering } from '../steering.js';

type Shape = Pick<DecoderInfo, 'layers' | 'width' | 'vocabulary' | 'context'>;

/** @throws where a forward cannot be done as asked, on rows that are too long for the model too. */
export function checkForward(request: ForwardRequest, model: Shape): void {
  const { tokens } = request;
  checkRows('forward', tokens, model);
  const lengths = tokens.map((row) => row.length);
  checkLengths(lengths, model);
  checkPromptLengths('forward', request.promptLengths, lengths);
  checkProjection(request.project, model);
  checkPositions('states', request.states, lengths);
  checkPositions('logits', request.logits, lengths);
  if (request.steering) checkSteering(request.steering, lengths, model);
}

/** @throws where a generation cannot be done as asked. */
export function checkGenerate(request: GenerateRequest, model: Shape): void {
  const { prompts, maxNewTokens, sampling, caches } = request;
  checkRows('generate', prompts, model);
  if (!Number.isInteger(maxNewTokens) || maxNewTokens < 1) {
    throw new Error(
      `generate: maxNewTokens must be a whole number of at least 1 (got ${maxNewTokens})`,
    );
  }
  for (const id of request.stop) checkToken('generate: stop token', id, model);
  const lengths = prompts.map((row) => row.length);
  checkPromptLengths('generate', request.promptLengths, lengths);
  checkProjection(request.project, model);
  if (request.steering) checkSteering(request.steering, lengths, model);
  if (sampling) checkSampling(sampling, prompts.length);
  checkDrafts(request, model);
  if (caches && caches.length !== prompts.length) {
    throw new Error(
      `generate: one cache per row is needed (expected ${prompts.length}, got ${caches.length})`,
    );
  }
  if (caches && new Set(caches.map((cache) => cache.id)).size < caches.length) {
    throw new Error('generate: two rows share a cache; open one per row');
  }
}

function checkDrafts({ drafts, prompts, sampling }: GenerateRequest, model: Shape): void {
  if (!drafts) return;
  if (drafts.length !== prompts.length) {
    throw new Error(
      `generate: drafts has ${drafts.length} entries (expected ${prompts.length}, one per row)`,
    );
  }
  if (sampling && sampling.temperature > 0) {
    throw new Error(
      `generate: drafts are verified against greedy choices (got temperature ${sampling.temperature}); leave them out`,
    );
  }
  drafts.forEach((draft, row) => {
    for (const id of draft) checkToken(`generate: draft of row ${row}: token`, id, model);
  });
}

/**
 * @param lengths tokens of each row of the batch.
 * @throws where a direction, coefficient or patch does not fit model and batch, or is not finite;
 * where two patches share a place.
 */
export function checkSteering(steering: Steering, lengths: readonly number[], model: Shape): void {
  const { layers, width } = model;
  const rows = lengths.length;
  const { direction, coefficient, ablation, patches = [] } = steering;
  if (direction) checkDirection(direction, model);
  else if (coefficient ?? ablation) {
    const what = coefficient ? 'coefficient' : 'ablation';
    throw new Error(`steer: ${what} without a direction; give one, or leave the ${what} out`);
  }
  if (coefficient) checkPerLayer('coefficient', coefficient, rows, layers);
  if (ablation) {
    checkPerLayer('ablation', ablation, rows, layers);
    const outside = ablation.find((share) => share < 0 || share > 1);
    if (outside !== undefined)
      throw new Error(`steer: ablation is a share of 0 … 1 (got ${outside})`);
  }
  for (const { row, layer, position, vector } of patches) {
    checkIndex('steer: patch row', row, rows, 'rows');
    checkIndex('steer: patch layer', layer, layers, 'layers');
    checkIndex(`steer: patch position in row ${row}`, position, lengths[row] ?? 0, 'tokens');
    if (vector.length !== width) {
      throw new Error(`steer: patch vector has width ${vector.length}, model has ${width}`);
    }
    checkFinite('steer: patch vector', vector);
  }
  checkPlaces(patches);
}

/** Of two patches in one place, a GPU would write either, or some of each. */
function checkPlaces(patches: readonly Patch[]): void {
  const taken = new Set<string>();
  for (const { row, layer, position } of patches) {
    const place = `row ${row}, layer ${layer}, position ${position}`;
    if (taken.has(place)) throw new Error(`steer: two patches at ${place}; keep one of them`);
    taken.add(place);
  }
}

function checkDirection(direction: Float32Array, { layers, width }: Shape): void {
  if (direction.length !== layers * width) {
    const own = direction.length / layers;
    throw new Error(
      Number.isInteger(own)
        ? `steer: direction has width ${own}, model has ${width}; make the direction from this model`
        : `steer: direction has ${direction.length} numbers (expected ${layers} layers × ${width}); make it from this model`,
    );
  }
  checkFinite('steer: direction', direction);
}

function checkPerLayer(name: string, values: Float32Array, rows: number, layers: number): void {
  if (values.length !== layers && values.length !== rows * layers) {
    throw new Error(
      `steer: ${name} has ${values.length} numbers (expected ${layers}, one per layer, or ${rows} rows × ${layers})`,
    );
  }
  checkFinite(`steer: ${name}`, values);
}

function checkRows(what: string, rows: readonly (readonly number[])[], model: Shape): void {
  if (rows.length === 0) throw new Error(`${what}: no rows given (expected at least 1)`);
  rows.forEach((row, index) => {
    if (row.length === 0)
      throw new Error(`${what}: row ${index} has no tokens (expected at least 1)`);
    for (const id of row) checkToken(`${what}: row ${index}: token`, id, model);
  });
}

function checkLengths(lengths: readonly number[], { context }: Shape): void {
  if (!context) return;
  const { positions, source } = context;
  const row = lengths.findIndex((length) => length > positions);
  if (row < 0) return;
  const end = { tokens: lengths[row] ?? 0, positions };
  throw new Error(
    `forward: row ${row}: ${describeContext(end)} (${source}); shorten it, or take a model with more`,
  );
}

function checkToken(what: string, id: number, { vocabulary }: Shape): void {
  if (!Number.isInteger(id) || id < 0 || id >= vocabulary) {
    throw new Error(`${what} ${id} is not in the vocabulary (expected 0 … ${vocabulary - 1})`);
  }
}

function checkPromptLengths(
  what: string,
  given: readonly number[] | undefined,
  lengths: readonly number[],
): void {
  if (!given) return;
  if (given.length !== lengths.length) {
    throw new Error(
      `${what}: promptLengths has ${given.length} entries (expected ${lengths.length}, one per row)`,
    );
  }
  given.forEach((length, row) => {
    if (!Number.isInteger(length) || length < 0 || length > (lengths[row] ?? 0)) {
      throw new Error(
        `${what}: promptLengths of row ${row} is ${length} (expected 0 … ${lengths[row] ?? 0})`,
      );
    }
  });
}

function checkProjection(projection: Projection | undefined, { layers, width }: Shape): void {
  if (!projection) return;
  const { directions, count } = projection;
  if (!Number.isInteger(count) || count < 1 || directions.length !== layers * count * width) {
    throw new Error(
      `project: directions have ${directions.length} numbers (expected ${layers} layers × ${count} × width ${width})`,
    );
  }
  checkFinite('project: directions', directions);
}

function checkPositions(
  what: string,
  wanted: readonly (readonly number[])[] | undefined,
  lengths: readonly number[],
): void {
  if (!wanted) return;
  if (wanted.length !== lengths.length) {
    throw new Error(`forward: ${what} names ${wanted.length} rows (expected ${lengths.length})`);
  }
  wanted.forEach((positions, row) => {
    for (const position of positions) {
      checkIndex(`forward: ${what} position in row ${row}`, position, lengths[row] ?? 0, 'tokens');
    }
  });
}

function checkSampling(sampling: NonNullable<GenerateRequest['sampling']>, rows: number): void {
  const { temperature, topP = 1, topK = 0, rowSeeds } = sampling;
  if (!(temperature >= 0) || !Number.isFinite(temperature)) {
    throw new Error(`generate: temperature must be 0 (greedy) or more (got ${temperature})`);
  }
  if (!(topP > 0 && topP <= 1))
    throw new Error(`generate: topP must be above 0 and at most 1 (got ${topP})`);
  if (!Number.isInteger(topK) || topK < 0) {
    throw new Error(`generate: topK must be a whole number, 0 for off (got ${topK})`);
  }
  if (rowSeeds && rowSeeds.length !== rows) {
    throw new Error(
      `generate: rowSeeds has ${rowSeeds.length} entries (expected ${rows}, one per row)`,
    );
  }
}

function checkIndex(what: string, index: number, count: number, unit: string): void {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new Error(`${what} is ${index} (expected 0 … ${count - 1}, there are ${count} ${unit})`);
  }
}

function checkFinite(what: string, values: Float32Array): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) throw new Error(`${what} is not finite at index ${at} (got ${values[at] ?? NaN})`);
}
