"""Files as payment platforms, Happy Returns and banks write them, after their public specifications."""

SHOPIFY = """Transaction Date,Type,Order,Card Brand,Card Source,Payout Status,Payout Date,Payout ID,Available On,Amount,Fee,Net,\
Checkout,Payment Method Name,Presentment Amount,Presentment Currency,Currency
2026-01-05 10:12:00 +0000,charge,#1041,visa,online,paid,2026-01-08,99001,2026-01-08,50.00,1.45,48.55,c1,card,,,GBP
2026-01-06 09:00:00 +0000,refund,#1042,visa,online,paid,2026-01-08,99001,2026-01-08,-24.00,0.00,-24.00,c2,card,,,GBP
2026-01-06 09:00:00 +0000,refund,#1042,visa,online,paid,2026-01-08,99001,2026-01-08,-24.00,0.00,-24.00,c2,card,,,GBP
"""
STRIPE = """automatic_payout_id,automatic_payout_effective_at_utc,balance_transaction_id,created_utc,created,available_on_utc,\
currency,gross,fee,net,reporting_category,source_id,description,payment_metadata[order_number]
po_1,2026-01-09 00:00:00,txn_1,2026-01-05 11:00:00,2026-01-05 11:00:00,2026-01-09 00:00:00,eur,80.00,2.10,77.90,charge,ch_1,\
Order 2041,2041
po_1,2026-01-09 00:00:00,txn_2,2026-01-06 23:30:00,2026-01-06 23:30:00,2026-01-09 00:00:00,eur,-30.50,0.00,-30.50,refund,re_9,\
"REFUND FOR CHARGE (Order 2042)",
po_1,2026-01-09 00:00:00,txn_3,2026-01-09 00:00:00,2026-01-09 00:00:00,2026-01-09 00:00:00,eur,-47.40,0.00,-47.40,payout,po_1,\
STRIPE PAYOUT,
"""
PAYPAL = """"RH","2026/01/07 04:00:00 -0800","A","X7ABC","011",""
"FH","1"
"SH","2026/01/06 00:00:00 -0800","2026/01/06 23:59:59 -0800","X7ABC",""
"CH","Transaction ID","Invoice ID","PayPal Reference ID","PayPal Reference ID Type","Transaction Event Code",\
"Transaction Initiation Date","Transaction Completion Date","Transaction  Debit or Credit","Gross Transaction Amount",\
"Gross Transaction Currency","Fee Debit or Credit","Fee Amount","Fee Currency","Custom Field","Consumer ID"
"SB","9AB12345CD678901E","3041","","","T0006","2026/01/06 08:00:00 -0800","2026/01/06 08:00:01 -0800","CR","6000","USD","DR",\
"204","USD","","C1"
"SB","1XY98765ZW432109V","3042","9AB12345CD678901E","TXN","T1107","2026/01/06 20:30:00 -0800","2026/01/06 20:30:02 -0800","DR",\
"2550","USD","CR","0","USD","","C2"
"SB","7PO11111AA222222B","","","","T0400","2026/01/06 22:00:00 -0800","2026/01/06 22:00:00 -0800","DR","3246","USD","","","","",""
"SF","USD","6000","5796","5796"
"SC","3"
"RF","USD"
"RC","3"
"FF","1"
"""
ADYEN = """Company Account,Merchant Account,Psp Reference,Merchant Reference,Payment Method,Creation Date,TimeZone,Type,\
Modification Reference,Gross Currency,Gross Debit (GC),Gross Credit (GC),Exchange Rate,Net Currency,Net Debit (NC),Net Credit (NC),\
Commission (NC),Markup (NC),Scheme Fees (NC),Interchange (NC),Payment Method Variant,Modification Merchant Reference,Batch Number
Acme,AcmeUS,8515131751004933,4041,visa,2026-01-05 09:00:00,PST,Settled,8515131751004934,USD,,70.00,1,USD,,68.50,1.50,,,,visa,,17
Acme,AcmeUS,8515131751004935,4042,visa,2026-01-06 09:00:00,PST,Refunded,8515131751004936,USD,20.25,,1,USD,20.25,,,,,,visa,R-77,17
Acme,AcmeUS,,,,2026-01-08 09:00:00,PST,MerchantPayout,,USD,48.25,,1,USD,48.25,,,,,,,,17
"""
INVOICE = """invoice_number,period_start,period_end,service_date,express_code,order_number,happy_returns_item_id,sku,dropoff_method,\
fee_type,amount,currency
INV-7,2026-01-01,2026-01-31,2026-01-06,HRK7Q2MX,1042,b1c7c8c2-51c9-4c1c-8d0e-0d8f0d3a9f01,TEE-BLK-M,return-bar,item_fee,1.50,USD
INV-7,2026-01-01,2026-01-31,2026-01-07,HRK7Q2MX,1042,,TEE-BLK-M,mail,return_fee,3.95,USD
INV-7,2026-01-01,2026-01-31,2026-01-31,,,,,,adjustment,-2.00,USD
"""
CAMT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr>
<Stmt><Id>S1</Id><Acct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id><Ccy>GBP</Ccy></Acct>
<Ntry><NtryRef>1</NtryRef><Amt Ccy="GBP">24.55</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-01-09</Dt></BookgDt><AcctSvcrRef>REF1</AcctSvcrRef><NtryDtls><TxDtls><RmtInf>
<Ustrd>SHOPIFY PAYOUT 99001</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>
<Ntry><NtryRef>2</NtryRef><Amt Ccy="GBP">10.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><DtTm>2026-01-10T23:30:00+00:00</DtTm></BookgDt><AddtlNtryInf>CHARGES</AddtlNtryInf></Ntry>
<Ntry><NtryRef>3</NtryRef><Amt Ccy="GBP">99.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts>
<BookgDt><Dt>2026-01-11</Dt></BookgDt></Ntry>
</Stmt></BkToCstmrStmt></Document>
"""
OFX = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
SECURITY:NONE
ENCODING:USASCII
CHARSET:1252
COMPRESSION:NONE
OLDFILEUID:NONE
NEWFILEUID:NONE

<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0<SEVERITY>INFO</STATUS><DTSERVER>20260110<LANGUAGE>ENG</SONRS></SIGNONMSGSRSV1>
<BANKMSGSRSV1><STMTTRNRS><TRNUID>1<STATUS><CODE>0<SEVERITY>INFO</STATUS><STMTRS><CURDEF>USD
<BANKACCTFROM><BANKID>121042882<ACCTID>123456<ACCTTYPE>CHECKING</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260101<DTEND>20260131
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260109<TRNAMT>48.25<FITID>F1<NAME>ADYEN<MEMO>BATCH 17</STMTTRN>
<STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20260110<TRNAMT>-5.00<FITID>F2<NAME>BANK FEE</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>100.00<DTASOF>20260131</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
BANK_CSV = """Date,Amount,Currency,Reference
2026-01-09,24.55,GBP,SHOPIFY 99001
2026-01-10,-10.00,GBP,CHARGES
"""
MAPPED = """Ref;Tag;Betrag;Art;Bestellung;Auszahlung
K1;05.01.2026;1.024,00;Verkauf;5041;A1
K2;06.01.2026;-24,50;Erstattung;5042;A1
"""
