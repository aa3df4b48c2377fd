/** Where an installed Chromium or Chrome is. Pictures are drawn in it; nothing is downloaded. */
import { accessSync, constants, statSync } from 'node:fs';
import { posix, win32 } from 'node:path';

export interface BrowserSearch {
  /** `CHROME_PATH` and `PATH`; on Windows the folders of programs. */
  env: Readonly<Record<string, string | undefined>>;
  /** Default: this machine's. */
  platform?: NodeJS.Platform;
  /** Whether a file is there and can be run; default: looks. */
  isProgram?: (path: string) => boolean;
}

/** In order of preference. Edge is a Chromium too. */
const names = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
];

/** Where installers put it on macOS, in `/Applications` and in the user's own. */
const applications = ['Google Chrome', 'Chromium', 'Microsoft Edge'];

/** Where installers put it on Windows, below the folders of programs. */
const windowsPrograms = [
  'Google\\Chrome\\Application\\chrome.exe',
  'Chromium\\Application\\chrome.exe',
  'Microsoft\\Edge\\Application\\msedge.exe',
];

/**
 * The browser's path: `CHROME_PATH` where it is set, else the usual names on `PATH`, else the usual
 * places of the system.
 * @throws where `CHROME_PATH` names no program, or none is found; the message says what to install.
 */
export function findBrowser(search: BrowserSearch): string {
  const { env, platform = process.platform, isProgram = canRun } = search;
  const given = env['CHROME_PATH'];
  if (given !== undefined && given !== '') {
    if (isProgram(given)) return given;
    throw new Error(
      `browser: CHROME_PATH is no program (expected Chromium or Chrome, got ${given})`,
    );
  }
  const found = candidates(env, platform).find(isProgram);
  if (found !== undefined) return found;
  throw new Error(
    'browser: no Chromium or Chrome found, and PNG, SVG and PDF are drawn in one; ' +
      `${remedy(platform)}, or set CHROME_PATH to the program; html and json need none`,
  );
}

function candidates(env: BrowserSearch['env'], platform: NodeJS.Platform): string[] {
  if (platform === 'win32') {
    const folders = [env['PROGRAMFILES'], env['PROGRAMFILES(X86)'], env['LOCALAPPDATA']];
    return folders.flatMap((folder) =>
      folder === undefined ? [] : windowsPrograms.map((program) => win32.join(folder, program)),
    );
  }
  const onPath = (env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
  const named = names.flatMap((name) => onPath.map((folder) => posix.join(folder, name)));
  if (platform !== 'darwin') return [...named, '/snap/bin/chromium'];
  const folders = ['/Applications', `${env['HOME'] ?? ''}/Applications`];
  const bundles = folders.flatMap((folder) =>
    applications.map((name) => `${folder}/${name}.app/Contents/MacOS/${name}`),
  );
  return [...named, ...bundles];
}

function remedy(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'install one, e.g. brew install --cask google-chrome';
  if (platform === 'win32') return 'install one, e.g. winget install Google.Chrome';
  return 'install one, e.g. apt install chromium';
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
