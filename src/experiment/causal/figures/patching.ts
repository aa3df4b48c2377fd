/** What a donor's hidden state does in another run: by layer and position, and at the boundary. */
import type { CausalSummary } from '../shape.js';
import { errorBars } from '../../../plot/axes.js';
import { defaultRoom, panelLayout, type Room } from '../../../plot/layout/panels.js';
import { layerAxis } from '../../../plot/layout/axis.js';
import { colours, intervalText } from '../../../plot/figure.js';
import type { Figure } from '../../../plot/figure.js';
import { layerMapFigure } from './layerMap.js';

type PatchMap = CausalSummary['patching'][number];

interface PatchMapOptions {
  map: PatchMap;
  layers: readonly number[];
  room?: Room;
}

/** Heat map of the effect; white: as unpatched, full red: as the donor. Layer 0 at the bottom. */
export function patchMapFigure({ map, layers, room }: PatchMapOptions): Figure {
  const limit = Math.max(1, ...map.effect.flat().map((value) => Math.abs(value ?? 0)));
  const places = map.columns.map((_, i) => i);
  return layerMapFigure({
    layers,
    x: places,
    z: map.effect,
    text: map.ci.map((row, i) =>
      row.map(
        (ci, c) => `layer ${layers[i]}, position ${map.columns[c]}<br>95 %${intervalText(ci)}`,
      ),
    ),
    hovertemplate: '%{text}<br>effect %{z:.3f}<extra></extra>',
    xAxis: {
      title: ['patched position (0 = last prompt token)', 'patched position'],
      range: [-0.5, places.length - 0.5],
      names: { at: places, text: map.columns },
    },
    yTitle: ['patched layer (0 = first block)', 'patched layer', 'layer'],
    ...(room && { room }),
    scale: { title: ['effect (1 = the donor)', 'effect'], limit },
  });
}

/** Caption of {@link patchMapFigure}: unit, n, how runs were paired. */
export function patchMapCaption({ map, pairing }: { map: PatchMap; pairing: string }): string {
  const cells = map.ci.flat().filter((ci) => ci !== null);
  const apart = cells.filter(([low, high]) => low > 0 || high < 0).length;
  return [
    'The hidden state of a correcting run stands in for that of a copying run at one layer and position (earlier: at all positions before, at once).',
    "Effect: change of the logit difference between the two runs' first output tokens, 0 = as unpatched, 1 = as the donor.",
    `n = ${map.n} pairs, ${(100 * map.equalLength).toFixed(0)} % of them of equal length: ${pairing}.`,
    `In ${apart} of ${cells.length} cells the 95 % bootstrap interval over pairs leaves 0 out.`,
  ].join(' ');
}

const settings: Record<PatchMap['setting'], { name: string; colour: string; symbol: string }> = {
  correctIntoCopy: { name: 'correction into copy', colour: colours.correct, symbol: 'circle' },
  copyIntoCorrect: { name: 'copy into correction', colour: colours.copy, symbol: 'square' },
  copyIntoCopy: { name: 'copy into copy', colour: colours.control, symbol: 'diamond' },
  random: { name: 'correction into copy, any length', colour: colours.permuted, symbol: 'x' },
};

type Boundary = Pick<CausalSummary, 'patching' | 'layers' | 'rule'>;

/** Effect of the boundary token's state per layer, above; runs that begin otherwise, below. */
export function boundaryPatchFigure(options: Boundary & { room?: Room }): Figure {
  const { patching, layers, room = defaultRoom } = options;
  return {
    data: patching.flatMap((map, i) => {
      const { name, colour, symbol } = settings[map.setting];
      const values = map.effect.map((row) => row.at(-1) ?? null);
      const style = {
        type: 'scatter',
        mode: 'lines+markers',
        name,
        x: layers.map((layer) => layer + 0.06 * (i - (patching.length - 1) / 2)),
        legendgroup: name,
        line: { color: colour, width: 1.5 },
        marker: { color: colour, symbol, size: 7 },
        hovertemplate: `%{y:.3f}<extra>${name}</extra>`,
      };
      const bars = values.map((value, l) => ({ value: value ?? 0, ci: map.ci[l]?.at(-1) ?? null }));
      return [
        { ...style, y: values, error_y: errorBars(bars) },
        {
          ...{ ...style, showlegend: false, yaxis: 'y2' },
          y: map.switched.map((row) => row.at(-1) ?? null),
        },
      ];
    }),
    layout: panelLayout(
      {
        rows: [
          {
            panels: [
              {
                x: null,
                y: { title: ['effect (1 = the donor)', 'effect'], own: { zeroline: true } },
              },
            ],
            ...{ height: 240, legend: patching.map(({ setting }) => settings[setting].name) },
          },
          {
            panels: [
              {
                x: layerAxis(Math.max(0, ...layers) + 1),
                y: { title: ['begun otherwise', 'share'], range: [-0.02, 1.05] },
              },
            ],
            height: 190,
          },
        ],
      },
      room,
    ).layout,
  };
}

/** Caption of {@link boundaryPatchFigure}: what the controls are, n, the rule. */
export function boundaryPatchCaption({ patching, rule }: Boundary): string {
  const counts = patching.map((map) => `${settings[map.setting].name} ${map.n}`).join(', ');
  return [
    `The donor's hidden state at the last prompt token, one layer at a time; pairs: ${counts}; bars: 95 % bootstrap intervals over pairs.`,
    'A copy in another copy moves words and no decision, so what it does, too, is no evidence of one.',
    'At the last layer every effect is 1, since no block comes after it.',
    'Below: share of the runs that begin otherwise, copies no longer with y1, corrections with their own y1.',
    `Rule: ${rule}.`,
  ].join(' ');
}
