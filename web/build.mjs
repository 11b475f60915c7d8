// Builds the page: src/ -> dist/{index.html,app.js,app.css,favicon.svg} and the compressed forms of the large ones, the
// same bytes every time. `--outdir DIR` writes elsewhere, so that the test run can compare.
import { build } from 'esbuild';
import { gzipSync } from 'fflate';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
// What ends up inside app.js and asks for its licence to be kept with every copy.
const bundledPackages = ['chart.js'];
const browsers = ['chrome111', 'edge111', 'firefox113', 'safari16.4'];

async function licenceNotices() {
  const notices = [];
  for (const name of bundledPackages) {
    const directory = join(root, 'node_modules', name);
    const { version, license } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
    const text = (await readFile(join(directory, 'LICENSE.md'), 'utf8')).replaceAll('\r\n', '\n').trim();
    notices.push(`${name} ${version} (${license})\n\n${text}`);
  }
  return `/*!\nThis file contains:\n\n${notices.join('\n\n----\n\n')}\n*/`;
}

/** Writes the page into `outdir`. */
export async function buildPage(outdir) {
  await mkdir(outdir, { recursive: true });
  const common = { bundle: true, minify: true, charset: 'ascii', target: browsers, logLevel: 'warning', legalComments: 'none' };
  await build({
    ...common,
    entryPoints: [join(root, 'src/main.ts')],
    outfile: join(outdir, 'app.js'),
    format: 'esm',
    alias: { '@kurkle/color': join(root, 'src/charts/no_color.ts') },
    footer: { js: await licenceNotices() },
  });
  await build({ ...common, entryPoints: [join(root, 'src/styles/app.css')], outfile: join(outdir, 'app.css') });
  const html = await readFile(join(root, 'src/index.html'), 'utf8');
  // Indentation is for people who read the source; comments and it stay out of what is served.
  const served = html.replace(/<!--[^]*?-->\n?/g, '').replace(/^\s+/gm, '');
  await writeFile(join(outdir, 'index.html'), served);
  await copyFile(join(root, 'src/favicon.svg'), join(outdir, 'favicon.svg'));
  // Not node's own zlib: its bytes differ from one version and processor to the next.
  for (const name of ['app.js', 'app.css']) {
    await writeFile(join(outdir, `${name}.gz`), gzipSync(await readFile(join(outdir, name)), { level: 9, mtime: 0 }));
  }
}

if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--outdir');
  await buildPage(at > 0 ? resolve(process.argv[at + 1]) : join(root, 'dist'));
}
