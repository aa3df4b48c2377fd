/** What Prometheus reads at `/metrics`. Names begin with `aligner_`; times are seconds, as its own are. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { AuditTotals } from './audit.js';
import type { Circuit, CircuitState } from './circuit.js';
import type { Gate } from './gate.js';
import type { ModelRun } from './service.js';
import type { TargetLedger } from './targets.js';

export interface MetricSources {
  gate: Gate;
  circuits: Readonly<Record<'upstream' | 'corrector', Circuit>>;
  targets: TargetLedger;
}

/** What is known of an answered request. */
export interface AnsweredRequest {
  status: number;
  route: string;
  milliseconds: number;
}

const circuitNumber: Record<CircuitState, number> = { closed: 0, trying: 1, open: 2 };
const seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Counter<'route' | 'status'>;
  readonly #durations: Histogram<'route'>;
  readonly #rounds: Counter<'outcome'>;
  readonly #edits: Histogram;
  readonly #tokens: Counter<'by'>;
  readonly #first: Histogram;
  readonly #perToken: Histogram;
  readonly #queued: Histogram;
  readonly #lostLines: Counter<never>;
  readonly #runs: Histogram<'by'>;
  readonly #runRows: Histogram<'by'>;

  constructor(sources: MetricSources) {
    const registers = [this.registry];
    const histogram = <L extends string = never>(name: string, help: string, buckets: number[], labelNames: L[] = []): Histogram<L> => new Histogram({ name: `aligner_${name}`, help, buckets, labelNames, registers }); // prettier-ignore
    const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> => new Counter({ name: `aligner_${name}`, help, labelNames, registers }); // prettier-ignore
    collectDefaultMetrics({ register: this.registry });
    this.#requests = counter('requests_total', 'Requests answered, by route and HTTP status.', ['route', 'status']); // prettier-ignore
    this.#durations = histogram('request_seconds', 'From a request to the end of its answer.', seconds, ['route']); // prettier-ignore
    this.#rounds = counter('rounds_total', 'Rounds, by what became of the sentence.', ['outcome']);
    this.#edits = histogram('edit_ratio', 'Edit ratio of rounds with a sentence of the upstream.', [0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2]); // prettier-ignore
    this.#tokens = counter('tokens_total', 'Tokens generated, by whom.', ['by']);
    this.#first = histogram('first_sentence_seconds', 'From a request to the first corrected text.', seconds); // prettier-ignore
    this.#perToken = histogram('token_seconds', 'Time of an answer by the tokens that left.', [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]); // prettier-ignore
    this.#queued = histogram('queue_seconds', 'What a request waited for its turn.', seconds);
    this.#lostLines = counter('log_lines_lost_total', 'Log lines that could not be written.', []);
    this.#runs = histogram('run_seconds', 'Runs of a local model.', seconds, ['by']);
    this.#runRows = histogram('run_rows', 'Rows of a run of a local model.', [1, 2, 4, 8, 16, 32, 64, 128, 256], ['by']); // prettier-ignore
    watch(sources, registers);
  }

  /** Of any route. */
  answered({ status, route, milliseconds }: AnsweredRequest): void {
    this.#requests.inc({ route, status: String(status) });
    this.#durations.observe({ route }, milliseconds / 1000);
  }

  lineLost(): void {
    this.#lostLines.inc();
  }

  queued(milliseconds: number): void {
    this.#queued.observe(milliseconds / 1000);
  }

  round(round: { copied: boolean; unchecked: boolean; editRatio: number | null }): void {
    this.#rounds.inc({ outcome: outcomeOf(round) });
    if (round.editRatio !== null) this.#edits.observe(round.editRatio);
  }

  /** Of one choice. */
  choice(
    { tokens, firstSentence }: AuditTotals,
    sent: { tokens: number; milliseconds: number },
  ): void {
    this.#tokens.inc({ by: 'upstream' }, tokens.upstream);
    this.#tokens.inc({ by: 'corrector' }, tokens.corrector);
    if (firstSentence !== null) this.#first.observe(firstSentence / 1000);
    if (sent.tokens > 0) this.#perToken.observe(sent.milliseconds / 1000 / sent.tokens);
  }

  run({ by, rows, milliseconds }: ModelRun): void {
    this.#runs.observe({ by }, milliseconds / 1000);
    this.#runRows.observe({ by }, rows);
  }
}

function outcomeOf(round: {
  copied: boolean;
  unchecked: boolean;
  editRatio: number | null;
}): string {
  if (round.unchecked) return 'unchecked';
  if (round.copied) return 'copied';
  return round.editRatio === null ? 'nothing' : 'corrected';
}

/** What is asked for when Prometheus reads. */
function watch({ gate, circuits, targets }: MetricSources, registers: Registry[]): void {
  const gauge = <L extends string = never>(
    name: string,
    help: string,
    collect: (set: (labels: Partial<Record<L, string>>, value: number) => void) => void,
    labelNames: L[] = [],
  ): void => {
    new Gauge<L>({
      ...{ name: `aligner_${name}`, help, labelNames, registers },
      collect() {
        this.reset();
        collect((labels, value) => this.set(labels, value));
      },
    });
  };
  gauge('answers_in_flight', 'Answers that are being written.', (set) => set({}, gate.inside));
  gauge('requests_waiting', 'Requests that wait for their turn.', (set) => set({}, gate.waiting));
  gauge<'of'>('circuit', '0 closed, 1 being tried, 2 open.', (set) => {
    for (const of of ['upstream', 'corrector'] as const) set({ of }, circuitNumber[circuits[of].state]); // prettier-ignore
  }, ['of']); // prettier-ignore
  const hour = (
    name: string,
    help: string,
    of: (now: ReturnType<TargetLedger['lastHour']>[number]) => number | null,
  ): void => {
    gauge<'direction'>(`target_hour_${name}`, help, (set) => {
      for (const now of targets.lastHour()) {
        const value = of(now);
        if (value !== null) set({ direction: now.direction }, value);
      }
    }, ['direction']); // prettier-ignore
  };
  hour('answers', 'Answers of the last hour that had a target.', ({ answers }) => answers);
  hour('asked', 'Mean edit ratio asked for, last hour.', ({ asked }) => asked);
  hour('achieved', 'Mean edit ratio achieved, last hour.', ({ achieved }) => achieved);
  hour('low', 'Lower end of where the achieved mean was expected.', ({ interval }) => interval?.[0] ?? null); // prettier-ignore
  hour('high', 'Upper end of where the achieved mean was expected.', ({ interval }) => interval?.[1] ?? null); // prettier-ignore
  hour('drift', '1 where the achieved mean lies outside of it.', ({ within }) => within === null ? null : Number(!within)); // prettier-ignore
}
