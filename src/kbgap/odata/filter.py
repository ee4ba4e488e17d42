"""Read a filter into a tree, checking every name and type against the declaration of the rows.

The grammar, loosest first; letter case does not matter outside of quotes::

    condition   = conjunction { "or" conjunction }
    conjunction = comparison { "and" comparison }
    comparison  = unary [ ("eq" | "ne" | "gt" | "ge" | "lt" | "le") unary | "in" "(" literal { "," literal } ")" ]
    unary       = "not" unary | primary
    primary     = "(" condition ")" | literal | name | function "(" condition { "," condition } ")"
                | name "/" ("any" | "all") "(" [ name ":" condition ] ")"

Whatever is not in it is refused by name and position: a condition that is passed over gives rows that nobody asked for.
"""

from collections.abc import Callable

from kbgap.odata.entity import Primitive, StructuredType
from kbgap.odata.errors import ODataError, fault, quoted
from kbgap.odata.literals import read_literal
from kbgap.odata.operands import Operand, OperandType, call, compare, fit
from kbgap.odata.tokens import Kind, Token, split_filter
from kbgap.odata.tree import (
    And,
    Function,
    In,
    Lambda,
    Literal,
    Not,
    Operator,
    Or,
    Property,
    Quantifier,
    Tree,
    Variable,
)

DEEPEST = 50  # brackets, functions, lambdas and nots inside each other
MOST_PARTS = 1_000  # nodes of the tree
MOST_VALUES = 500  # of one list behind "in"

_OPTION = "$filter"
_OPERATORS = {operator.value: operator for operator in Operator}
_FUNCTIONS = {function.value: function for function in Function}
_QUANTIFIERS = {quantifier.value: quantifier for quantifier in Quantifier}
_UNSUPPORTED = frozenset({"add", "sub", "mul", "div", "divby", "mod", "has"})
_RESERVED = frozenset({"and", "or", "not", "in", *_OPERATORS, *_QUANTIFIERS, *_UNSUPPORTED})
_CONSTANTS = frozenset({"true", "false", "null"})


def parse_filter(text: str, rows: StructuredType) -> Tree:
    """The tree of a ``$filter`` over rows of this type; ODataError names what is wrong, and where."""
    return _Parser(split_filter(text), rows).parse()


class _Parser:
    """Walks over the words once, from left to right; an error ends the walk."""

    def __init__(self, tokens: tuple[Token, ...], rows: StructuredType) -> None:
        self._tokens = tokens
        self._next = 0
        self._rows = rows
        self._depth = 0
        self._parts = 0
        self._variable: str | None = None  # of the lambda that is being read

    def parse(self) -> Tree:
        condition = self._condition()
        if self._token.kind is not Kind.END:
            raise self._unexpected("the end of the filter")
        return _as_condition(condition)

    # --- the grammar, rule by rule ---

    def _condition(self) -> Operand:
        return self._joined("or", Or, self._conjunction)

    def _conjunction(self) -> Operand:
        return self._joined("and", And, self._comparison)

    def _joined(self, word: str, join: type[And | Or], part: Callable[[], Operand]) -> Operand:
        first = part()
        parts = [first]
        while self._take_word(word):
            parts.append(part())
        if len(parts) == 1:
            return first
        conditions = tuple(_as_condition(each) for each in parts)
        return self._operand(join(conditions), Primitive.BOOLEAN, first.at, f"what '{word}' joins")

    def _comparison(self) -> Operand:
        left = self._unary()
        if self._take_word("in"):
            tree: Tree = self._list(left)
        elif self._word in _OPERATORS:
            operator = _OPERATORS[self._word]
            self._advance()
            tree = compare(left, operator, self._unary())
        else:
            return left
        return self._operand(tree, Primitive.BOOLEAN, left.at, "the comparison")

    def _list(self, item: Operand) -> In:
        self._expect("(", "a list of values in brackets")
        values: list[Literal] = []
        while not values or self._take(","):
            token = self._token
            if len(values) == MOST_VALUES:
                raise fault(_OPTION, f"the list has more than {MOST_VALUES} values", token.at, "ask in parts")
            if not _is_literal(token):
                raise self._unexpected("a value of the list")
            values.append(fit(self._literal(), item))
        self._expect(")", "',' or ')'")
        return In(item.node, tuple(values))

    def _unary(self) -> Operand:
        token = self._token
        if not self._take_word("not"):
            return self._primary()
        negated = self._inside(token, self._unary)
        mend = "put what is negated into brackets: not (name eq 'a')"
        return self._operand(Not(_as_condition(negated, mend)), Primitive.BOOLEAN, token.at, "what 'not' gives")

    def _primary(self) -> Operand:
        token = self._token
        if _is_literal(token):
            return self._literal()
        if self._take("("):
            condition = self._inside(token, self._condition)
            self._expect(")", "')'")
            return condition
        if token.kind is not Kind.NAME or self._word in _RESERVED:
            raise self._unexpected("a property, a value or a function")
        self._advance()
        if self._take("("):
            return self._inside(token, lambda: self._call(token))
        if self._take("/"):
            return self._inside(token, lambda: self._lambda(token))
        return self._named(token)

    def _literal(self) -> Operand:
        token = self._token
        self._advance()
        return self._counted(read_literal(token))

    def _call(self, name: Token) -> Operand:
        function = _FUNCTIONS.get(name.text.lower())
        if function is None:
            mend = "write contains(property,'text')" if name.text.lower() == "substringof" else ""
            raise fault(_OPTION, f"the function {quoted(name.text)} is not supported", name.at, mend)
        arguments = [] if self._take(")") else [self._condition()]
        while arguments and self._take(","):
            arguments.append(self._condition())
        if arguments:
            self._expect(")", "',' or ')'")
        return self._counted(call(function, tuple(arguments), name.at))

    def _lambda(self, name: Token) -> Operand:
        word, at = self._word, self._token.at
        if word not in _QUANTIFIERS:
            raise fault(_OPTION, f"the path {quoted(f'{name.text}/{self._token.text}')} is not supported", name.at)
        if self._variable is not None:
            raise fault(_OPTION, f"{word!r} inside the condition of another is not supported", at)
        collection = self._collection(name)
        self._advance()
        self._expect("(", "'('")
        variable, condition = "", None
        if word == Quantifier.ALL or self._token.text != ")":
            self._variable = variable = self._new_variable()
            self._expect(":", "':'")
            condition = _as_condition(self._condition())
            self._variable = None
        self._expect(")", "')'")
        node = Lambda(_QUANTIFIERS[word], collection, variable, condition)
        return self._operand(node, Primitive.BOOLEAN, name.at, f"{name.text}/{word}(…)")

    # --- names ---

    def _named(self, token: Token) -> Operand:
        said = quoted(token.text)
        if self._variable is not None and token.text.lower() == self._variable.lower():
            return self._operand(Variable(self._variable), Primitive.STRING, token.at, said)
        declared = self._rows.property(token.text)
        if declared is None:
            known = ", ".join(member.name for member in self._rows.properties if member.filterable)
            raise fault(_OPTION, f"{said} is no property of {self._rows.name}", token.at, f"its properties are {known}")
        of = declared.of.type
        if not declared.filterable or isinstance(of, StructuredType):
            raise fault(_OPTION, f"{said} is nothing to filter by", token.at)
        if declared.of.is_collection:
            mend = f"ask for its items: {declared.name}/any(x: x eq 'a')"
            raise fault(_OPTION, f"{said} is a collection", token.at, mend)
        return self._operand(Property(declared.name), of, token.at, said)

    def _collection(self, token: Token) -> Property:
        declared = self._rows.property(token.text)
        if declared is None or not declared.filterable or not declared.of.is_collection:
            raise fault(_OPTION, f"{quoted(token.text)} is no collection of text to filter by", token.at)
        return Property(declared.name)

    def _new_variable(self) -> str:
        """The variable of a lambda, which may not hide a property or a word of the language."""
        token = self._token
        name = token.text
        if token.kind is not Kind.NAME or "." in name:
            raise self._unexpected("a variable, as in any(x: x eq 'a')")
        if self._word in _RESERVED | _CONSTANTS or self._rows.property(name) is not None:
            raise fault(_OPTION, f"{quoted(name)} has a meaning already", token.at, "name the variable otherwise")
        self._advance()
        return name

    # --- words ---

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    @property
    def _word(self) -> str:
        """The next word in lower case when it is a name, else nothing."""
        return self._token.text.lower() if self._token.kind is Kind.NAME else ""

    def _advance(self) -> None:
        self._next += 1

    def _take(self, sign: str) -> bool:
        is_next = self._token.kind is Kind.SIGN and self._token.text == sign
        self._next += is_next
        return is_next

    def _take_word(self, word: str) -> bool:
        is_next = self._word == word
        self._next += is_next
        return is_next

    def _expect(self, sign: str, wanted: str) -> None:
        if not self._take(sign):
            raise self._unexpected(wanted)

    def _unexpected(self, wanted: str) -> ODataError:
        token = self._token
        if token.kind is Kind.END:
            return fault(_OPTION, f"the filter ends where {wanted} should stand", token.at)
        if self._word in _UNSUPPORTED:
            return fault(_OPTION, f"the operator {token.text!r} is not supported", token.at)
        mend = "put comparisons of comparisons into brackets" if self._word in _OPERATORS else ""
        if token.kind is Kind.PREFIXED:
            mend = "put a blank before a text"
        return fault(_OPTION, f"{quoted(token.text)} stands where {wanted} should stand", token.at, mend)

    # --- limits ---

    def _inside(self, token: Token, read: Callable[[], Operand]) -> Operand:
        if self._depth == DEEPEST:
            raise fault(_OPTION, f"the filter is nested more than {DEEPEST} deep", token.at)
        self._depth += 1
        operand = read()
        self._depth -= 1
        return operand

    def _operand(self, node: Tree, of: OperandType, at: int, said: str) -> Operand:
        return self._counted(Operand(node, of, at, said))

    def _counted(self, operand: Operand) -> Operand:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise fault(_OPTION, f"the filter has more than {MOST_PARTS} parts", operand.at, "ask in parts")
        return operand


def _as_condition(operand: Operand, mend: str = "") -> Tree:
    if operand.type is not Primitive.BOOLEAN:
        raise fault(_OPTION, f"{operand.said} is {operand.type_name}, and no condition", operand.at, mend)
    return operand.node


def _is_literal(token: Token) -> bool:
    is_constant = token.kind is Kind.NAME and token.text.lower() in _CONSTANTS
    return is_constant or token.kind in {Kind.TEXT, Kind.PREFIXED, Kind.GUID, Kind.MOMENT, Kind.NUMBER}
