#!/usr/bin/env bash
# Copies the fixtures into the corpus of every target: fuzz/seed.sh
set -euo pipefail
cd "$(dirname "$0")"
fixtures=../tests/fixtures/source
seed() { # target, then globs
    local target=$1
    shift
    mkdir -p "corpus/$target"
    for glob in "$@"; do
        for file in $fixtures/*/$glob; do
            case $file in *.expected.json | *.actual.json) continue ;; esac
            if [ -f "$file" ]; then cp "$file" "corpus/$target/$(basename "$file")"; fi
        done
    done
}
seed csv '*.csv' '*.tsv'
seed jsonl '*.jsonl'
seed json '*.json' '*.jsonl'
seed amazon '*connect*.json' '*call_analytics*.json'
seed genesys '*genesys*.json' 'pascal_case*.json'
seed google 'insights*'
seed twilio '*twilio*.json' '*channel*.json'
seed whisper '*whisper*.json' '*nan*.json' '*voice*.json'
seed zendesk 'zendesk*.json' '*merge*.json' 'proactive*.json' 'private*.json' 'several*.json'
seed freshdesk 'freshdesk*.json' 'acknowledgement*.json'
seed intercom 'intercom*.json' 'bot*.json'
seed salesforce 'salesforce*.json'
seed subtitles '*.vtt' '*.srt' '*.sbv'
seed plain '*.txt'

# Messages, and their bodies as mere words, for what follows the decoding.
for file in ../tests/fixtures/mail/*/*.eml; do
    name=$(basename "$file")
    mkdir -p corpus/{eml,mbox,html,zones,clean,redact}
    cp "$file" "corpus/eml/$name"
    { echo 'From a@example.com Mon Jan  5 08:00:00 2026'; cat "$file"; echo; } > "corpus/mbox/$name"
    for target in html zones clean redact; do sed '1,/^\r\{0,1\}$/d' "$file" > "corpus/$target/$name"; done
done
