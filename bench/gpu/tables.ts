/** Results as Markdown. */

type Times = Readonly<Record<string, number>>;

export interface ResultFiles {
  speed: {
    machine: { gpu: string | null; onnxruntime: string };
    decoders: readonly {
      name: string;
      milliseconds: Times;
      shareOfBound?: Times;
      torch: Times | null;
    }[];
  } | null;
  parity: {
    subjects: readonly {
      name: string;
      tolerance: number;
      coefficientZeroIsOff: boolean;
      comparisons: readonly {
        against: string;
        differences: Times;
        tokens: { compared: number; rowsThatDiffer: number };
      }[];
      /** PyTorch's fp16 against its own float32; null where the model is in float32. */
      torchItself: Times | null;
    }[];
  } | null;
  profile: {
    decoders: readonly {
      name: string;
      iterations: number;
      copiesInLoop: Times;
      elsewhere: Times;
      /** By batch. */
      steps: Readonly<Record<string, { count: number }>>;
    }[];
  } | null;
  kernels: {
    decoders: readonly {
      name: string;
      /** By batch. */
      steps: Readonly<Record<string, { perStep: number; microseconds: number }>>;
    }[];
  } | null;
  commands: {
    runs: readonly { name: string; seconds: number; exit: number | null; elsewhere?: boolean }[];
    differences: Readonly<Record<string, Readonly<Record<string, number | boolean>>>>;
  } | null;
  webgpu: {
    models: readonly { name: string; differences?: Times; sameTokens?: boolean; error?: string }[];
  } | null;
}

export function measurementTables(files: ResultFiles): string {
  const { speed, parity, profile, kernels, commands, webgpu } = files;
  const parts = [
    ...(speed ? [speedTable(speed)] : []),
    ...(parity ? [parityTable(parity)] : []),
    ...(profile ? [profileTable(profile)] : []),
    ...(kernels ? [kernelTable(kernels)] : []),
    ...(commands ? [commandTable(commands)] : []),
    ...(webgpu ? [webgpuTable(webgpu)] : []),
  ];
  return parts.length > 0 ? parts.join('\n\n') : 'Nothing has been measured yet.';
}

function speedTable({ machine, decoders }: NonNullable<ResultFiles['speed']>): string {
  const rows = decoders.flatMap(({ name, milliseconds, shareOfBound, torch }) =>
    Object.entries(milliseconds).map(([what, time]) => {
      const share = shareOfBound?.[what];
      const theirs =
        torch?.[what === 'scan' ? what : what.replace(/^loop-(steered-|reading-)?/, 'decode-')];
      return [
        ...[name, what, time.toFixed(2)],
        share === undefined ? '' : `${(100 * share).toFixed(0)} %`,
        theirs === undefined ? '' : `${(theirs / time).toFixed(1)} ×`,
      ];
    }),
  );
  const title = `On ${machine.gpu ?? 'no GPU'}, ONNX Runtime ${machine.onnxruntime}; medians, the number is the batch:`;
  const head = ['decoder', 'what', 'ms', 'share of the bound', 'Transformers with hooks takes'];
  return `${title}\n\n${table(head, rows)}`;
}

function parityTable({ subjects }: NonNullable<ResultFiles['parity']>): string {
  const rows = subjects.flatMap((subject) => {
    const { name, tolerance, coefficientZeroIsOff, comparisons, torchItself } = subject;
    const own = comparisons.map(({ against, differences, tokens }) => [
      ...[name, against, largest(differences), tolerance.toExponential(0)],
      `${tokens.compared} agree, ${tokens.rowsThatDiffer} rows part`,
      coefficientZeroIsOff ? 'yes' : 'no',
    ]);
    if (torchItself === null) return own;
    const torch = [`${name} in PyTorch`, 'torch32', largest(torchItself), tolerance.toExponential(0), '', '']; // prettier-ignore
    return [...own, torch];
  });
  const head = ['model', 'against', 'largest difference', 'tolerance', 'greedy tokens', 'coefficient 0 is off']; // prettier-ignore
  return table(head, rows);
}

function profileTable({ decoders }: NonNullable<ResultFiles['profile']>): string {
  const count = (times: Times): string => String(Object.values(times).reduce((a, b) => a + b, 0));
  const rows = decoders.map(({ name, iterations, copiesInLoop, elsewhere, steps }) => [
    ...[name, String(iterations), count(copiesInLoop), count(elsewhere)],
    Object.values(steps).map((step) => step.count.toFixed(0)).join(', '), // prettier-ignore
  ]);
  const head = ['decoder', 'iterations', 'copies inside the loop', 'nodes elsewhere', 'nodes of a step']; // prettier-ignore
  return table(head, rows);
}

function kernelTable({ decoders }: NonNullable<ResultFiles['kernels']>): string {
  const rows = decoders.flatMap(({ name, steps }) =>
    Object.entries(steps).map(([batch, { perStep, microseconds }]) => [
      ...[name, batch, String(perStep), (microseconds / 1000).toFixed(2)],
    ]),
  );
  return table(['decoder', 'batch', 'kernels of a step', 'their time, ms'], rows);
}

function commandTable({ runs, differences }: NonNullable<ResultFiles['commands']>): string {
  const rows = runs.map(({ name, seconds, exit, elsewhere }) => [
    name,
    seconds.toFixed(1),
    String(exit),
    elsewhere ? 'another machine' : 'this machine',
  ]);
  // What `doctor` finds is of each machine.
  const compared = Object.entries(differences).filter(([name]) => name !== 'doctor');
  const apart = compared.map(([name, figures]) => {
    const numbers = Object.values(figures).filter((figure) => typeof figure === 'number');
    const texts = Object.values(figures).filter((figure) => typeof figure === 'boolean');
    const equal = texts.filter((same) => same).length;
    const largest = Math.max(0, ...numbers);
    return [name, largest === 0 ? '0' : largest.toExponential(1), `${equal} of ${texts.length}`];
  });
  return [
    table(['command', 's', 'exit', 'on'], rows),
    table(['command', 'largest difference of a figure', 'texts that are equal'], apart),
  ].join('\n\n');
}

function webgpuTable({ models }: NonNullable<ResultFiles['webgpu']>): string {
  const rows = models.map(({ name, differences, sameTokens, error }) =>
    differences === undefined
      ? [name, error ?? '', '']
      : [name, largest(differences), sameTokens ? 'yes' : 'no'],
  );
  return table(['on WebGPU', 'largest difference to the CPU', 'same greedy tokens'], rows);
}

function largest(differences: Times): string {
  return Math.max(...Object.values(differences)).toExponential(1);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
