/** The shape of `manifest.json`: what a run was asked for, and on what. */
import { z } from 'zod';

const input = z.strictObject({
  name: z.string().describe('what it is to the run, e.g. `corrector`'),
  path: z.string(),
  sha256: z.string().describe('hexadecimal'),
});
/** A file or model that the run read. */
export type RunInput = z.infer<typeof input>;

const configuration = {
  command: z.string().describe('e.g. `sweep`'),
  options: z.record(z.string(), z.unknown()).describe('all of them, defaults filled in'),
  seeds: z.record(z.string(), z.union([z.number(), z.string()])),
  versions: z.record(z.string(), z.string()).describe('package → version'),
  device: z.string(),
  inputs: z.array(input).readonly(),
};

/** What a run is: two runs with the same configuration give the same records. */
export type RunConfiguration = z.infer<z.ZodObject<typeof configuration>>;

export const manifestShape = z.strictObject({
  ...configuration,
  started: z.string().describe('ISO 8601, when the run was first opened'),
});
export type Manifest = z.infer<typeof manifestShape>;
