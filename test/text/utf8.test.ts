import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readSteering } from '../../src/read/files/steeringFile.js';
import { openJournal } from '../../src/record/journal.js';
import { folderStore } from '../../src/record/store.js';
import { readConfig } from '../../src/runtime/modelConfig.js';
import { decodeUtf8 } from '../../src/text/utf8.js';
import { temporaryFolder } from '../runtime/models.js';

const { path: folder, remove } = temporaryFolder();
afterAll(remove);

/** `{"text":"é"}` as Latin-1 has it: the byte alone is no UTF-8. */
const latin1 = Buffer.from('{"text":"\xe9"}\n', 'latin1');

describe('decodeUtf8', () => {
  it('gives text back, marks and all', () => {
    const text = '\ufeffé 漢字 🥜\u0000';
    expect(decodeUtf8(Buffer.from(text))).toBe(text);
  });

  it.each([
    ['a letter of Latin-1', latin1],
    ['a cut letter', Buffer.from('é').subarray(0, 1)],
    ['a surrogate', Buffer.from([0xed, 0xa0, 0x80])],
    ['a letter that is too long', Buffer.from([0xc0, 0xaf])],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeUtf8(bytes)).toThrow('not a text in UTF-8');
  });
});

describe('a damaged byte', () => {
  const path = join(folder, 'damaged.json');
  writeFileSync(path, latin1);

  it('is refused in records, naming the file', async () => {
    const own = join(folder, 'records.jsonl');
    writeFileSync(own, latin1);
    await expect(openJournal(own)).rejects.toThrow(
      /records: .*records\.jsonl.*not a text in UTF-8/,
    );
  });

  it('is refused in a store', async () => {
    const store = folderStore(folder);
    mkdirSync(join(folder, 'ab'), { recursive: true });
    writeFileSync(join(folder, 'ab', 'abcdef12.json'), latin1);
    await expect(store.get('abcdef12')).rejects.toThrow('not a text in UTF-8');
  });

  it('is refused in a steering file and a configuration', async () => {
    await expect(readSteering(path)).rejects.toThrow('damaged.json');
    expect(() => readConfig(folder, 'damaged.json')).toThrow('not a text in UTF-8');
  });
});
