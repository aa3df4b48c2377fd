/** A machine's part in a job: what it hears. */
import { afterAll, expect, it } from 'vitest';
import { Jobs, Part } from '../../src/machines/jobs.js';
import { folderNotes } from '../../src/machines/notes.js';
import { Cancelled, HelpEnds } from '../../src/record/claims.js';
import { temporaryFolder } from '../runtime/models.js';

const temporary = temporaryFolder();
afterAll(temporary.remove);

const job = {
  ...{ id: 'sweep-1a2b3c4d', run: 'r', command: 'sweep', options: {}, cores: 1, versions: {} },
  ...{ inputs: {}, device: 'cpu', host: 'a', pid: 1, started: '2025-01-01T00:00:00Z' },
};

it('hears that the work is done, or cancelled, and that it was begun anew', async () => {
  const jobs = new Jobs(folderNotes(temporary.path));
  const check = (): Promise<void> => new Part(jobs, job.id, { id: 'p', host: 'b', pid: 2 }).check();
  await jobs.publish(job);
  await check();
  await jobs.end(job.id, 'done');
  await expect(check()).rejects.toThrow(HelpEnds);
  await jobs.end(job.id, 'cancelled');
  await expect(check()).rejects.toThrow(Cancelled);
  await jobs.publish(job);
  await check();
});
