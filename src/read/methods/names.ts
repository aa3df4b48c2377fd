/** Names of the direction methods, light enough for the help; `table.ts` has what they do. */
export const methodNames = [
  'pca',
  'pca-uncentered',
  'pca-pairwise',
  'mean-difference',
  'probe',
] as const;
export type Method = (typeof methodNames)[number];
