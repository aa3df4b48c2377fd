"""Writes chatTemplates.json: chat templates as jinja2 renders them in Python's transformers.

python -m pip install jinja2==3.1.6
python test/runtime/goldens/chatTemplates.py
"""

import json
from datetime import datetime
from pathlib import Path

from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

USER = {"role": "user", "content": "Why?\r\nSay."}
CHAT = [{"role": "system", "content": " Be brief. "}, USER, {"role": "assistant", "content": "So."}, USER]

LINES = """{% for m in messages %}
{% if m['role'] == 'user' %}
<|user|>
{{ m['content'] }}
    {% else %}
<|{{ m['role'] }}|>
{{- m['content'] | trim }}
	{% endif %}
{% endfor %}
{% if add_generation_prompt %}
<|assistant|>
{% endif %}
"""

MACROS = """{%- macro turn(role, text) -%}
[{{ role }}] {{ text }}
{% endmacro %}
{# a comment
   of two lines #}

{%- for m in messages -%}
{{ turn(m.role, m.content) }}
{%- endfor %}

{%- set ns = namespace(n=0) %}
{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}
{{ ns.n }}{{ '\\n' }}

"""

DATED = """{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- else %}
        {%- set date_string = "26 Jul 2024" %}
    {%- endif %}
{%- endif %}
Today: {{ date_string }}, {{ strftime_now('%A %-d %B %Y, week %V, %H:%M') }}
{% for m in messages %}{{ m.content }}{% endfor %}"""

DATED_MACRO = """
{% macro day() %}{{ strftime_now('%Y-%m-%d') }}{% endmacro %}
  {% for m in messages %}
  {{ day() }} {{ m.content }}
  {% endfor %}"""


def mixed(text: str) -> str:
    """Line ends of all three kinds in turn."""
    ends = ["\r\n", "\r", "\n"]
    lines = text.split("\n")
    return "".join(line + (ends[i % 3] if i < len(lines) - 1 else "") for i, line in enumerate(lines))


TEMPLATES = {
    "lines": LINES,
    "macros": MACROS,
    "dated": DATED,
    "dated macro": DATED_MACRO,
    "ends with two lines": LINES + "\n",
    "text alone": "  a\n\n b\t\n",
    "a string over lines": "{{ 'a\nb' }}{% for m in messages %}{{ m.content }}{% endfor %}\n",
}
ENDS = {
    "LF": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "CR": lambda text: text.replace("\n", "\r"),
    "mixed": mixed,
}
DATES = ["2025-01-01", "2024-02-29T23:05:09", "2026-12-31T00:00:00"]
FORMATS = (
    "%a %A %w %d %b %B %m %y %Y %H %I %p %M %S %f %j %U %W %c %x %X %% %G %u %V %F %T %D %R %h %e %C %n %t"
    " %-d %-m %-H %-I %-M %-S %-j %-y"
).split(" ")


def render(template: str, messages: list, date: str, generate: bool) -> str:
    """As transformers.utils.chat_template_utils does."""
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
    )
    environment.globals["strftime_now"] = datetime.fromisoformat(date).strftime
    return environment.from_string(template).render(
        messages=messages, add_generation_prompt=generate, tools=None, documents=None
    )


cases = [
    {
        "name": f"{name}, {end}",
        "template": change(template),
        "messages": CHAT,
        "date": DATES[1],
        "prompt": render(change(template), CHAT, DATES[1], True),
    }
    for name, template in TEMPLATES.items()
    for end, change in ENDS.items()
]
dates = [
    {"date": date, "format": form, "text": datetime.fromisoformat(date).strftime(form)}
    for date in [*DATES, *(f"{year}-01-0{day}" for year in range(2019, 2031) for day in (1, 3))]
    for form in FORMATS
]
path = Path(__file__).with_name("chatTemplates.json")
path.write_text(json.dumps({"templates": cases, "dates": dates}, indent=1, ensure_ascii=False) + "\n")
