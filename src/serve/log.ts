/** Logs: one JSON object a line, without what was asked and answered unless that was asked for. */

export type LogLevel = 'info' | 'warn' | 'error';

export interface LogEntry {
  level: LogLevel;
  event: string;
  [key: string]: unknown;
}

/** Takes entries; the time stands first in what is written. */
export type Log = (entry: LogEntry) => void;

/** @param write takes a line without its end */
export function jsonLog(write: (line: string) => void, now: () => Date): Log {
  return (entry) => write(JSON.stringify({ time: now().toISOString(), ...entry }));
}
