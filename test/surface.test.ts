/** The public surface: whoever calls an exported function can name what it takes and gives. */
import { join } from 'node:path';
import { dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const index = join(root, 'src', 'index.ts');

const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path));
const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, root);
const program = ts.createProgram([index], options);
const checker = program.getTypeChecker();
const file = program.getSourceFile(index);
const surface = file && checker.getSymbolAtLocation(file);
const exported = surface ? checker.getExportsOfModule(surface) : [];
const resolved = new Set(exported.map(original));

/** What an export stands for. */
function original(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** Names of types in the declared signatures of a function, as they are written there. */
function namedTypes(declaration: ts.Node): ts.Symbol[] {
  if (!ts.isFunctionDeclaration(declaration)) return [];
  const found: ts.Symbol[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isTypeReferenceNode(node)) {
      const symbol = checker.getSymbolAtLocation(node.typeName);
      if (symbol) found.push(original(symbol));
    }
    ts.forEachChild(node, visit);
  };
  for (const part of [...declaration.parameters, declaration.type]) if (part) visit(part);
  return found;
}

/** A type of the library, and no type parameter. */
function isOurs(symbol: ts.Symbol): boolean {
  const [declaration] = symbol.declarations ?? [];
  if (!declaration || ts.isTypeParameterDeclaration(declaration)) return false;
  return declaration.getSourceFile().fileName.startsWith(join(root, 'src'));
}

it('exports every type that stands in the signature of an exported function', () => {
  const missing = exported.map(original).flatMap((symbol) =>
    (symbol.declarations ?? [])
      .flatMap(namedTypes)
      .filter((type) => isOurs(type) && !resolved.has(type))
      .map((type) => {
        const place = type.declarations?.[0]?.getSourceFile().fileName ?? '';
        return `${symbol.name}: ${type.name} (${relative(root, place)})`;
      }),
  );
  expect(exported.length).toBeGreaterThan(100);
  expect([...new Set(missing)]).toEqual([]);
}, 120_000);
