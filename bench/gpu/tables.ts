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
    }[];
  } | null;
  profile: {
    decoders: readonly {
      name: string;
      iterations: number;
      copiesInLoop: Times;
      elsewhere: Times;
    }[];
  } | null;
}

export function measurementTables({ speed, parity, profile }: ResultFiles): string {
  const parts = [
    ...(speed ? [speedTable(speed)] : []),
    ...(parity ? [parityTable(parity)] : []),
    ...(profile ? [profileTable(profile)] : []),
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
  const rows = subjects.flatMap(({ name, tolerance, coefficientZeroIsOff, comparisons }) =>
    comparisons.map(({ against, differences, tokens }) => [
      ...[name, against, Math.max(...Object.values(differences)).toExponential(1)],
      tolerance.toExponential(0),
      `${tokens.compared} agree, ${tokens.rowsThatDiffer} rows part`,
      coefficientZeroIsOff ? 'yes' : 'no',
    ]),
  );
  const head = ['model', 'against', 'largest difference', 'tolerance', 'greedy tokens', 'coefficient 0 is off']; // prettier-ignore
  return table(head, rows);
}

function profileTable({ decoders }: NonNullable<ResultFiles['profile']>): string {
  const count = (times: Times): string => String(Object.values(times).reduce((a, b) => a + b, 0));
  const rows = decoders.map(({ name, iterations, copiesInLoop, elsewhere }) => [
    ...[name, String(iterations), count(copiesInLoop), count(elsewhere)],
  ]);
  return table(['decoder', 'iterations', 'copies inside the loop', 'nodes elsewhere'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
