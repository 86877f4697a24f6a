import t from 'tap'
import { parseYaml, type YamlDocument, YamlError } from '../../../../controller/sources/files/yaml.ts'

const parse = (text: string): YamlDocument[] => [...parseYaml(text)]

function faultOf(text: string): string {
  try {
    parse(text)
    return 'no fault'
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    return [`${error.line}:`, error.broken.resource, error.broken.field, error.message]
      .filter((part) => part !== '')
      .join(' ')
  }
}

const HEAD = 'kind: Service\nmetadata:\n  name: x\n'

const BROKEN: Readonly<Record<string, [text: string, fault: string]>> = {
  'a duplicate key is named by its line': [
    `${HEAD}spec:\n  ports:\n  - name: a\n    name: b\n`,
    '7: Service default/x spec.ports[0].name duplicated mapping key',
  ],
  'a tab in the indentation': [
    `${HEAD}spec:\n\tports: 1\n`,
    '5: Service default/x spec tab characters must not be used in indentation',
  ],
  'lines count from the start of the file, not of the document': [
    `a: 1\n---\n${HEAD}spec:\n  ports:\n  - port: [80\n  - x: 2\n`,
    '9: Service default/x spec.ports[0].port[0] deficient indentation',
  ],
  'JSON that breaks off': [
    '{"kind":"Service","metadata":{"name":"q"},"spec":{"a":[1,2,}}',
    '1: Service default/q spec.a[1] missed comma between flow collection entries',
  ],
  'a value with a colon in it': [
    `${HEAD}spec:\n  a: b: c\n`,
    '5: Service default/x spec.a.b bad indentation of a mapping entry',
  ],
  'an alias of nothing': ['a: *x\n', '1: a unidentified alias "x"'],
  'a string without end': ['kind: V\nspec:\n  x: "abc\n  y: 2\n', '4: V spec.x deficient indentation'],
  'a null byte': ['a: b\nc: "\u0000"\n', '2: c null byte is not allowed in input'],
  'a tag that would run code': ['a: !!js/function x\n', '1: a unknown scalar tag !<tag:yaml.org,2002:js/function>'],
  'more aliases than anyone writes': [
    `a: &a [x]\nb: [${'*a,'.repeat(101)}]\n`,
    '2: b[100] aliases exceeded maxAliases (100)',
  ],
}

for (const [behaviour, [text, fault]] of Object.entries(BROKEN)) {
  t.test(`broken: ${behaviour}`, async (t) => t.equal(faultOf(text), fault))
}

t.test('a document nested without end is refused, not followed', async (t) => {
  t.match(faultOf('['.repeat(50_000)), /^1: .*nesting exceeded maxDepth/)
})

t.test('each field knows its line', async (t) => {
  const text = '# head\n\nkind: List\nitems:\n- metadata:\n    name: x\n    "q": [1,\n      2]\n- b\n---\n\nz: 1\n'
  const [list, last] = parse(text)
  const lines: [path: (string | number)[], line: number][] = [
    [[], 3],
    [['items', 0], 5],
    [['items', 0, 'metadata', 'name'], 6],
    [['items', 0, 'metadata', 'q', 1], 8],
    [['items', 1], 9],
    [['items', 0, 'spec', 'missing'], 5],
  ]
  for (const [path, line] of lines) t.equal(list?.lineOf(path), line, path.join('.'))
  t.equal(last?.lineOf(['z']), 12)
})

const READ: Readonly<Record<string, [text: string, values: unknown[]]>> = {
  'documents are divided by ---, also with content on that line': [
    'a: 1\n--- {b: 2}\n---\nc: 3',
    [{ a: 1 }, { b: 2 }, { c: 3 }],
  ],
  'empty documents are documents': ['---\n---\n# comment\n---\na: 1\n...\n', [null, null, { a: 1 }]],
  'three dashes inside a block of text do not divide': ['a: |\n  x\n  ---\n  y\n', [{ a: 'x\n---\ny\n' }]],
  'a directive belongs to the document behind it': ['a: 1\n...\n%YAML 1.2\n---\nb: 2\n', [{ a: 1 }, { b: 2 }]],
  'dates stay text': ['t: 2024-01-01T00:00:00Z\n', [{ t: '2024-01-01T00:00:00Z' }]],
  'words of YAML 1.1 stay text': ['a: yes\nb: on\nc: no\n', [{ a: 'yes', b: 'on', c: 'no' }]],
  'merge keys are merged': ['a: &x {p: 1}\nb:\n  <<: *x\n  q: 2\n', [{ a: { p: 1 }, b: { p: 1, q: 2 } }]],
  'carriage returns end lines too': ['a: 1\r\nb: 2\r\n---\r\nc: 3\r\n', [{ a: 1, b: 2 }, { c: 3 }]],
  'JSON is YAML': ['{"a": 1,\n\t"b": [1, "x"]}', [{ a: 1, b: [1, 'x'] }]],
}

for (const [behaviour, [text, values]] of Object.entries(READ)) {
  t.test(behaviour, async (t) =>
    t.same(
      parse(text).map(({ value }) => value),
      values,
    ),
  )
}

t.test('a key named __proto__ changes no prototype', async (t) => {
  const [document] = parse('__proto__: {polluted: 1}\n')
  t.equal(Object.getPrototypeOf(document?.value), Object.prototype)
})
