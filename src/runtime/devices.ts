/** Names of devices, `auto` among them; light enough for the help. */
export const devices = ['cpu', 'cuda', 'webgpu', 'auto'] as const;
