/** Whose hidden states are written. `boundary`: the prompt's last token; `all`: every one of it. */
export const statePositions = ['boundary', 'all'] as const;
export type StatePositions = (typeof statePositions)[number];
