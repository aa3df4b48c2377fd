/**
 * `npm run bench:scale:simulation`: how far the engines carry, by discrete events.
 */
import { formatTable } from '../../../src/text/table.js';
import { benchOptions } from '../../options.js';
import { simulate, type Plant } from './simulate.js';

const given = benchOptions(
  {
    command: 'bench:scale:simulation',
    about:
      'Plays machines and a store as discrete events: how far --on folder and --on bullmq carry.',
  },
  {
    machines: { type: 'string', default: '10,100,1000,10000', about: 'how many, a row for each' },
    units: { type: 'string', default: '20', about: 'units for each machine' },
    seconds: { type: 'string', default: '60', about: 'that a unit takes' },
    folder: { type: 'string', default: '20000', about: 'operations a second of a metadata server' },
    redis: { type: 'string', default: '100000', about: 'operations a second of Redis' },
  },
);

const rows: string[][] = [];
for (const engine of ['folder', 'bullmq'] as const) {
  for (const readAll of [false, true]) {
    for (const machines of given.machines.split(',').map(Number)) {
      const plant: Plant = {
        ...{ engine, machines, readAll, unitsEach: Number(given.units) },
        seconds: Number(given.seconds),
        operations: Number(engine === 'folder' ? given.folder : given.redis),
      };
      const { makespan, efficiency, operationsEach, busy } = simulate(plant);
      const reading = readAll ? 'all' : 'the first one';
      const figures = Number.isFinite(makespan)
        ? [makespan.toFixed(0), efficiency.toFixed(2), operationsEach.toFixed(0), busy.toFixed(2)]
        : ['never', '0', '', '1'];
      rows.push([engine, reading, String(machines), ...figures]);
    }
  }
}
const head = ['engine', 'who reads results', 'machines', 'seconds', 'efficiency', 'operations a unit', 'store busy']; // prettier-ignore
process.stdout.write(`${formatTable(head, rows)}\n`);
