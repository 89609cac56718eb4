import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Controller, Get, Header, Inject, NotFoundException, Param, StreamableFile } from '@nestjs/common';
import { Everybody } from '@orders/shared-events/http/access/permissions.js';

const { resolve } = createRequire(import.meta.url);
/** By way of the package's folder: not every package exports its browser build. */
const inPackage = (name: string, file: string): string =>
  join(dirname(resolve(`${name}/package.json`)), file);

/** From the installed packages, so that the page works without the network. */
const assets: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  'graphiql.min.css': { file: inPackage('graphiql', 'graphiql.min.css'), type: 'text/css; charset=utf-8' },
  'graphiql.min.js': script('graphiql', 'graphiql.min.js'),
  'react.production.min.js': script('react', 'umd/react.production.min.js'),
  'react-dom.production.min.js': script('react-dom', 'umd/react-dom.production.min.js'),
  'graphql-ws.min.js': script('graphql-ws', 'umd/graphql-ws.min.js'),
};

function script(name: string, file: string) {
  return { file: inPackage(name, file), type: 'text/javascript; charset=utf-8' };
}

const page = readFileSync(new URL('./graphiql.html', import.meta.url), 'utf8');

/** Allows the page's own script by its hash, and nothing from elsewhere. Its editor sets styles of elements. */
const policy = [
  "default-src 'none'",
  `script-src 'self' ${inlineScripts(page)}`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function inlineScripts(html: string): string {
  return [...html.matchAll(/<script>(.*?)<\/script>/gs)]
    .map(
      ([, source]) =>
        `'sha256-${createHash('sha256')
          .update(source ?? '')
          .digest('base64')}'`,
    )
    .join(' ');
}

/** Token of the token that the page has filled in, or null. */
export const GRAPHIQL_TOKEN = Symbol('graphiql token');

/** GraphiQL for the GraphQL endpoint of the same origin, with subscriptions over graphql-ws. */
@Controller('graphiql')
@Everybody()
export class GraphiqlController {
  readonly #page: string;

  constructor(@Inject(GRAPHIQL_TOKEN) token: string | null) {
    const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
    // A token is letters, digits, dots, - and _: nothing in it ends the element.
    this.#page = page.replace('{}', JSON.stringify(headers));
  }

  @Get()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @Header('Content-Security-Policy', policy)
  @Header('Cache-Control', 'no-store')
  @Header('X-Content-Type-Options', 'nosniff')
  page(): string {
    return this.#page;
  }

  @Get(':asset')
  @Header('Cache-Control', 'public, max-age=86400')
  @Header('X-Content-Type-Options', 'nosniff')
  async asset(@Param('asset') name: string): Promise<StreamableFile> {
    const asset = Object.hasOwn(assets, name) ? assets[name] : undefined;
    if (!asset) throw new NotFoundException();
    return new StreamableFile(await readFile(asset.file), { type: asset.type });
  }
}
