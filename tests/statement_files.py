"""Bank statements written in every format, by a writer that shares no code with the readers which must read them back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

IBAN = "GB33BUKB20201555555555"


@dataclass(frozen=True)
class Booked:
    """One line as a bank has it in its books. Money that came in is positive."""

    on: date
    amount: Decimal
    text: str
    ref: str = ""


def camt(lines: Sequence[Booked], *, statement: str = "S1", money: str = "GBP", opening: Decimal = Decimal(0)) -> bytes:
    closing = opening + sum((line.amount for line in lines), Decimal(0))

    def balance(code: str, value: Decimal) -> str:
        way = "CRDT" if value >= 0 else "DBIT"
        return (
            f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="{money}">{abs(value)}</Amt>'
            f"<CdtDbtInd>{way}</CdtDbtInd></Bal>"
        )

    entries = "".join(
        f'<Ntry><Amt Ccy="{money}">{abs(line.amount)}</Amt><CdtDbtInd>{"CRDT" if line.amount >= 0 else "DBIT"}</CdtDbtInd>'
        f"<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{line.on}</Dt></BookgDt>"
        f"{f'<AcctSvcrRef>{line.ref}</AcctSvcrRef>' if line.ref else ''}<AddtlNtryInf>{line.text}</AddtlNtryInf></Ntry>"
        for line in lines
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">'
        f"<BkToCstmrStmt><Stmt><Id>{statement}</Id><Acct><Id><IBAN>{IBAN}</IBAN></Id></Acct>{balance('OPBD', opening)}"
        f"{balance('CLBD', closing)}{entries}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def ofx(lines: Sequence[Booked], *, mark: str = ".", is_xml: bool = False, money: str = "GBP") -> bytes:
    def close(tag: str) -> str:
        return f"</{tag}>" if is_xml else ""

    def element(tag: str, value: str) -> str:
        return f"<{tag}>{value}{close(tag)}"

    entries = "".join(
        "<STMTTRN>"
        + element("TRNTYPE", "CREDIT" if line.amount >= 0 else "DEBIT")
        + element("DTPOSTED", f"{line.on:%Y%m%d}120000[-5:EST]")
        + element("TRNAMT", f"{line.amount}".replace(".", mark))
        + (element("FITID", line.ref) if line.ref else "")
        + element("NAME", line.text)
        + "</STMTTRN>\n"
        for line in lines
    )
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" '
        'NEWFILEUID="NONE"?>\n'
        if is_xml
        else "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nENCODING:UTF-8\nCHARSET:NONE\n\n"
    )
    return (
        f"{head}<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS>{element('CURDEF', money)}<BANKACCTFROM>{element('ACCTID', IBAN)}"
        f"</BANKACCTFROM><BANKTRANLIST>{entries}</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
    ).encode()


def mt940(lines: Sequence[Booked], *, money: str = "EUR", opening: Decimal = Decimal("1000.00")) -> bytes:
    def balance(tag: str, value: Decimal) -> str:
        return f":{tag}:{'C' if value >= 0 else 'D'}260101{money}{f'{abs(value)}'.replace('.', ',')}"

    rows = []
    for line in lines:
        way = "C" if line.amount >= 0 else "D"
        ref = line.ref or "NONREF"
        rows.append(f":61:{line.on:%y%m%d}{line.on:%m%d}{way}{f'{abs(line.amount)}'.replace('.', ',')}NTRF{ref}")
        rows.append(f":86:{line.text}")
    closing = opening + sum((line.amount for line in lines), Decimal(0))
    head = [":20:STARTUMSE", ":25:37040044/0532013000", ":28C:00001/001", balance("60F", opening)]
    return "\r\n".join([*head, *rows, balance("62F", closing), "-", ""]).encode()


def bank_csv(
    lines: Sequence[Booked], *, delimiter: str = ",", mark: str = ".", day: str = "%Y-%m-%d", sides: str = "sign",
    titles: int = 0, encoding: str = "utf-8", ending: str = "\n", money: str = "GBP",
) -> bytes:  # fmt: skip
    """`sides`: sign, indicator (a column says D or C), or pair (two columns)."""
    columns = {"sign": ["Amount"], "indicator": ["Amount", "D/C"], "pair": ["Paid out", "Paid in"]}[sides]

    def cells(line: Booked) -> list[str]:
        plain = f"{abs(line.amount)}".replace(".", mark)
        match sides:
            case "sign":
                return [f"{'-' if line.amount < 0 else ''}{plain}"]
            case "indicator":
                return [plain, "D" if line.amount < 0 else "C"]
            case _:
                return [plain, ""] if line.amount < 0 else ["", plain]

    rows = [["Date", *columns, "Currency", "Description"]]
    rows += [[line.on.strftime(day), *cells(line), money, line.text] for line in lines]
    above = [f"Statement of account{delimiter}{number}" for number in range(titles)]
    quoted = [delimiter.join(f'"{cell}"' for cell in row) for row in rows]
    return ending.join([*above, *quoted, ""]).encode(encoding)


WRITERS: dict[str, Callable[[Sequence[Booked]], bytes]] = {
    "camt.053": camt, "ofx, SGML": ofx, "ofx, XML": lambda lines: ofx(lines, is_xml=True),
    "mt940": mt940, "ofx, decimal comma": lambda lines: ofx(lines, mark=","), "bank-csv": bank_csv,
    "bank-csv, indicator": lambda lines: bank_csv(lines, sides="indicator"),
    "bank-csv, pair of columns below titles": lambda lines: bank_csv(lines, sides="pair", titles=3),
    "bank-csv, semicolons and commas": lambda lines: bank_csv(lines, delimiter=";", mark=",", day="%d.%m.%Y"),
    "bank-csv, tabs in UTF-16": lambda lines: bank_csv(lines, delimiter="\t", encoding="utf-16", ending="\r\n"),
    "bank-csv, names of months": lambda lines: bank_csv(lines, day="%d %b %Y", ending="\r"),
}  # fmt: skip
