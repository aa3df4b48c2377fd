/** How weights are computed with: as they are stored, or rounded to so many bits (quantise.ts). */
export type Precision = 'stored' | 'int8' | 'int4';

export const precisions = ['stored', 'int8', 'int4'] as const satisfies readonly Precision[];
