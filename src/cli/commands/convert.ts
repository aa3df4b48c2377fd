/** `aligner-lab convert`: directions from and for other tools. */
import { inspectDecoder } from '../../onnx/inspect.js';
import { writtenLayers } from '../../read/files/controlVector.js';
import { formatDirections, formatOf, readDirections } from '../../read/files/directionFile.js';
import { absentLayers } from '../../read/directions.js';
import { conventionNotes, foreignNote, normRange } from '../../read/files/importedDirections.js';
import {
  checkSize,
  conventions,
  type Convention,
  type DirectionFormat,
  type ModelSize,
  type StoredDirections,
} from '../../read/files/storedDirections.js';
import { inFile, readGraphFile } from '../../runtime/graphFile.js';
import { defineCommand, type Context } from '../command.js';
import { common } from '../common.js';
import { modelNames } from '../../experiment/shared/options.js';
import { writeBytes } from '../files.js';
import { findOrDownload } from '../models.js';
import { choice, text } from '../../shape/options.js';
import { UsageError } from '../../text/usageError.js';

export const convert = defineCommand({
  description: `Reads a direction file and writes it in another format. The endings choose the formats: .safetensors
is the lab's own (of other tools: a tensor directions [layers, width], or direction.{layer} [width]),
.gguf a control vector of repeng or llama.cpp, .npy a numpy matrix [layers, width] of float16, float32
or float64. Rows are outputs of blocks; layer 0 is the first block.

GGUF files count layers in two ways. In repeng, direction.i is the output of block i, and llama.cpp
adds it there. In files of llama.cpp's cvector-generator it was measured one block earlier, on block
i - 1. auto tells them apart by the type of layer_count (int32 is cvector-generator's). Write repeng's
counting for steering with repeng or llama.cpp; layer 0, for which llama.cpp has no place, is left out.

A direction of another tool becomes unit vectors; its norms are kept as metadata and come back in
.gguf and .npy. Its sign stays its maker's: positive may not mean correct. Which weights it was made
from is not known; --model checks layers and width, and says how many layers there are where a file
lacks the last ones.`,
  argument: { name: 'file', help: 'the direction that is read', required: true },
  options: {
    out: text({ value: 'file', help: 'where to write; its ending chooses the format' }),
    convention: choice(['auto', ...conventions], {
      help: 'how a .gguf that is read counts its layers',
      default: 'auto',
    }),
    outConvention: choice(conventions, {
      help: 'how a .gguf that is written counts its layers',
      default: 'repeng',
    }),
    model: text({
      value: 'model',
      help: `the model it is for, to check layers and width: ${modelNames}`,
    }),
    ...common,
  },
  examples: [
    [
      'aligner-lab convert runs/direction/directions.safetensors --out direction.gguf',
      'for llama.cpp and repeng',
    ],
    ['aligner-lab convert honest.gguf --out honest.safetensors', 'from repeng or llama.cpp'],
    [
      'aligner-lab convert cvector.gguf --out aligned.gguf',
      'a file of cvector-generator, to be added where it was measured',
    ],
  ],
  async run({ options, argument = '', context }) {
    const { out, outConvention } = options;
    if (out === undefined) throw new UsageError('convert: no --out; name the file to write');
    const convention = options.convention === 'auto' ? undefined : options.convention;
    if (convention && formatOf(argument) !== 'gguf') {
      throw new UsageError(`convert: --convention is of .gguf files (got ${argument})`);
    }
    const format = formatOf(out);
    const model = options.model === undefined ? undefined : await sizeOf(options.model, context);
    const stored = await readDirections(context.path(argument), {
      convention,
      layers: model?.layers,
    });
    if (model) checkSize(stored.directions, model);
    await writeBytes(context.path(out), formatDirections(stored, format, outConvention));
    const written = { file: out, format, ...(format === 'gguf' && leftOut(stored, outConvention)) };
    if (stored.imported) context.warn(`warning: ${argument}: ${foreignNote}`);
    describe(stored, argument, written).forEach((line) => context.show(line));
    context.result({ from: summary(stored, argument), to: written });
  },
});

interface Written {
  file: string;
  format: DirectionFormat;
  convention?: Convention;
  /** Layers with a direction that the format has no place for. */
  leftOut?: number[];
}

/** Layers and width of a model, from its graph alone. */
async function sizeOf(name: string, context: Context): Promise<ModelSize> {
  const { file } = await findOrDownload(name, context);
  const { graph } = await readGraphFile(file);
  const { layers, width } = inFile(file, () => inspectDecoder(graph));
  return { source: file, layers, width };
}

function leftOut(
  stored: StoredDirections,
  convention: Convention,
): Pick<Written, 'convention' | 'leftOut'> {
  const kept = [...writtenLayers(stored, convention), ...absentLayers(stored.directions)];
  const layers = Array.from({ length: stored.directions.layers }, (_, layer) => layer);
  return { convention, leftOut: layers.filter((layer) => !kept.includes(layer)) };
}

function summary({ directions, origin, imported }: StoredDirections, file: string): object {
  const { method, layers, width } = directions;
  const absent = absentLayers(directions);
  return {
    file,
    format: formatOf(file),
    convention: imported?.convention ?? null,
    method,
    model: origin.model,
    layers,
    width,
    absent,
    norms:
      imported?.norms ??
      Array.from({ length: layers }, (_, layer) => (absent.includes(layer) ? 0 : 1)),
  };
}

/** What was read and what was written, for people. */
function describe(stored: StoredDirections, file: string, written: Written): string[] {
  const { directions, origin, imported } = stored;
  const { layers, width, method } = directions;
  const absent = absentLayers(directions);
  const none = absent.length === 0 ? '' : `, none for layer ${absent.join(', ')}`;
  const range = imported ? normRange(imported).map((length) => length.toPrecision(3)) : ['1'];
  const maker = imported ? 'another tool' : `aligner-lab, by ${method}`;
  const rest = written.leftOut?.length ? `, layer ${written.leftOut.join(', ')} left out` : '';
  const unit = imported && written.format === 'safetensors' ? ', norms made 1 and kept apart' : '';
  return [
    `read       ${file}: ${formatOf(file)} of ${maker}${origin.model && `, for ${origin.model}`}`,
    `layers     ${layers} of width ${width}${none}`,
    ...(imported?.convention ? [`convention ${conventionNotes[imported.convention]}`] : []),
    `norms      ${[...new Set(range)].join(' … ')}`,
    `written    ${written.file}: ${written.format}${written.convention ? `, counted as by ${written.convention}` : ''}${rest}${unit}`,
  ];
}
