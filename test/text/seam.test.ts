import { describe, expect, it } from 'vitest';
import { inPlace, withSeam } from '../../src/text/seam.js';

describe('inPlace', () => {
  it('leaves a copied sentence as the upstream wrote it', () => {
    for (const last of ['A.', '\n\nA.', '\t A. \n']) {
      expect(inPlace('Before.', { last, correction: 'A.' })).toBe(last);
    }
  });

  it('puts a rewritten sentence between the white space of the one it replaces', () => {
    expect(inPlace('Before.', { last: '\n- A.\n', correction: '- B.' })).toBe('\n- B.\n');
    expect(inPlace('前。', { last: '中。', correction: '後。' })).toBe('後。');
  });

  it('is nothing where the corrector wrote nothing', () => {
    expect(inPlace('Before.', { last: ' A.', correction: '' })).toBe('');
    expect(inPlace('Before.', { last: '', correction: ' ' })).toBe('');
  });

  it('adds a sentence as the others stand where there was none to replace', () => {
    const added = { last: '', correction: 'C.' };
    expect(inPlace('', added)).toBe('C.');
    expect(inPlace('A.', added)).toBe(' C.');
    expect(inPlace('A.\nB.', added)).toBe('\nC.');
    expect(inPlace('A.\n\nB.\n', added)).toBe('C.');
    expect(inPlace('一。', { last: '', correction: '二。' })).toBe('二。');
    expect(inPlace('「一。」', { last: '', correction: '二。' })).toBe('二。');
  });
});

describe('withSeam', () => {
  it('adds nothing where white space stands already, or nothing is to be joined', () => {
    expect(withSeam('A.', ' B.')).toBe(' B.');
    expect(withSeam('A. ', 'B.')).toBe('B.');
    expect(withSeam('', 'B.')).toBe('B.');
    expect(withSeam('A.', '')).toBe('');
  });
});
