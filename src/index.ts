export type { Patch, PositionRule, Steering } from './runtime/steering.js';
export type * from './runtime/decoder.js';
