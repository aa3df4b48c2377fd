/** Opens an address in the browser that the user has chosen. */
import { spawn } from 'node:child_process';

/** What a system opens addresses with. */
export function openerOf(platform: NodeJS.Platform, url: string): [program: string, ...string[]] {
  if (platform === 'darwin') return ['open', url];
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url];
  return ['xdg-open', url];
}

/** Whether it could be opened; some openers end only when the browser does. */
export function openBrowser([program, ...args]: ReturnType<typeof openerOf>): Promise<boolean> {
  const opener = spawn(program, args, { stdio: 'ignore', detached: true });
  opener.unref();
  return new Promise((resolve) => {
    opener.once('error', () => resolve(false));
    opener.once('exit', (code) => resolve(code === 0));
  });
}
