import { describe, expect, it } from 'vitest';
import type { Identity } from '../../../src/runtime/identity.js';
import { whoIs } from '../../../src/experiment/shared/identities.js';

describe('whoIs', () => {
  it('is the same model wherever it lies, and another on another device', () => {
    const model: Identity = { kind: 'model', name: 'm', sha256: 'ab', source: '/a', device: 'cpu' };
    const at = (changes: Partial<Identity>) => whoIs({ identity: { ...model, ...changes } });
    expect(at({ source: '/b' })).toEqual(at({}));
    expect(at({ device: 'cuda' })).not.toEqual(at({}));
    expect(at({ sha256: 'cd' })).not.toEqual(at({}));
  });
});
