/** What an evaluation can compare; fixes and breaks are counted against the upstream alone. */
export const systemKinds = ['upstream', 'stream', 'corrector-alone', 'aligner', 'proxy'] as const;
export type SystemKind = (typeof systemKinds)[number];
