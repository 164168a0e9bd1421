package tone

import (
	"slices"
	"strings"
)

// Countries lists the codes that names of tones begin with, as in us.busy: those of ISO 3166, but uk for the United Kingdom
// (gb is the same), and us-old for the Bell System of about 1950.
func Countries() []string {
	var codes []string
	for line := range strings.Lines(countries) {
		if code, _, _ := strings.Cut(strings.TrimSpace(line), " "); code != "" && line[0] != '\t' {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	return codes
}

// Names lists the tones of a country; nil: the country is unknown.
func Names(country string) (names []string) {
	for name := range tonesOf(country) {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// lookup finds a tone of a country.
func lookup(country, name string) (cadence string, ok bool) {
	cadence, ok = tonesOf(country)[name]
	return cadence, ok
}

// tonesOf reads one country of the table.
func tonesOf(country string) map[string]string {
	var tones map[string]string
	for line := range strings.Lines(countries) {
		line = strings.TrimRight(line, "\n")
		code, _, _ := strings.Cut(line, " ")
		switch {
		case code == country && code != "":
			tones = make(map[string]string)
		case tones == nil:
		case !strings.HasPrefix(line, "\t"):
			return tones
		default:
			name, cadence, _ := strings.Cut(line[1:], " ")
			tones[name] = strings.ReplaceAll(cadence, sit, specialInformation)
		}
	}
	return tones
}

const (
	sit = "SIT"
	// specialInformation is the special information tone that ITU-T E.180 recommends to all countries.
	specialInformation = "950/330,1400/330,1800/330"
)

// countries is what ITU-T collects of the tones of national networks (supplement to E.180: "Various tones used in national
// networks"), with the names of Asterisk's indications. What a country does not specify is not here. Of several variants that a
// country lists it is the most common one. ring is what the caller hears: the ringing tone, ringback.
const countries = `
ae United Arab Emirates
	dial 350+440
	ring 400+450/400,0/200,400+450/400,0/2000
	busy 400/375,0/375
	congestion 400/400,0/350,400/225,0/525
	callwaiting 425/200,0/800
	info SIT,0/1000
ar Argentina
	dial 425
	ring 425/1000,0/4500
	busy 425/300,0/200
	congestion 425/200,0/300
	callwaiting 425/400,0/200,425/400,0/4000
	info SIT,0/1000
at Austria
	dial 420
	ring 420/1000,0/5000
	busy 420/400,0/400
	congestion 420/200,0/200
	callwaiting 420/40,0/1960
	dialrecall 420
	record 1400/80,0/14920
	info 950/330,1450/330,1850/330,0/1000
	stutter 380+420
au Australia
	dial 413+438
	ring 413+438/400,0/200,413+438/400,0/2000
	busy 425/375,0/375
	congestion 425/375,0/375,420/375,0/375
	callwaiting 425/200,0/200,425/200,0/4400
	dialrecall 413+438
	record !425/1000,!0/15000,425/360,0/15000
	info 425/2500,0/500
	stutter 413+438/100,0/40
be Belgium
	dial 425
	ring 425/1000,0/3000
	busy 425/500,0/500
	congestion 425/167,0/167
	callwaiting 1400/175,0/175,1400/175,0/3500
	info 900/330,1400/330,1800/330,0/1000
	stutter 425/1000,0/250
bg Bulgaria
	dial 425
	ring 425/1000,0/4000
	busy 425/500,0/500
	congestion 425/250,0/250
	callwaiting 425/150,0/150,425/150,0/4000
	dialrecall !425/100,!0/100,!425/100,!0/100,!425/100,!0/100,425
	record 1400/425,0/15000
	info SIT,0/1000
	stutter 425/1500,0/100
br Brazil
	dial 425
	ring 425/1000,0/4000
	busy 425/250,0/250
	congestion 425/250,0/250,425/750,0/250
	callwaiting 425/50,0/1000
ca Canada
	dial 350+440
	ring 440+480/2000,0/4000
	busy 480+620/500,0/500
	congestion 480+620/250,0/250
	callwaiting 440/300,0/10000
	record 1400/500,0/15000
	info !950/330,!1400/330,!1800/330,0
	dialrecall !350+440/100,!0/100,!350+440/100,!0/100,!350+440/100,!0/100,350+440
ch Switzerland
	dial 425
	ring 425/1000,0/4000
	busy 425/500,0/500
	congestion 425/200,0/200
	callwaiting 425/200,0/200,425/200,0/4000
	record 1400/80,0/15000
	info SIT,0/1000
	stutter 425+340/1100,0/1100
cl Chile
	dial 400
	ring 400/1000,0/3000
	busy 400/500,0/500
	congestion 400/200,0/200
	callwaiting 400/250,0/8750
	dialrecall !400/100,!0/100,!400/100,!0/100,!400/100,!0/100,400
	record 1400/500,0/15000
	info 950/333,1400/333,1800/333,0/1000
cn China
	dial 450
	ring 450/1000,0/4000
	busy 450/350,0/350
	congestion 450/700,0/700
	callwaiting 450/400,0/4000
	dialrecall 450
	record 950/400,0/10000
	info 450/100,0/100,450/100,0/100,450/100,0/100,450/400,0/400
co Colombia
	dial 425
	ring 425/1000,0/4500
	busy 425/250,0/250
	congestion 425/100,0/250,425/350,0/650
	info SIT,0/1000
cz Czechia
	dial 425/330,0/330,425/660,0/660
	ring 425/1000,0/4000
	busy 425/330,0/330
	congestion 425/165,0/165
	callwaiting 425/330,0/9000
	record 1400/500,0/14000
	info 950/330,0/30,1400/330,0/30,1800/330,0/1000
de Germany
	dial 425
	ring 425/1000,0/4000
	busy 425/480,0/480
	congestion 425/240,0/240
	callwaiting 425/200,0/200,425/200,0/5000
	record 1400/80,0/15000
	info SIT,0/1000
	stutter 425+400
dk Denmark
	dial 425
	ring 425/1000,0/4000
	busy 425/500,0/500
	congestion 425/200,0/200
	callwaiting !425/200,!0/600,!425/200,!0/3000,!425/200,!0/200,!425/200,0
	record 1400/80,0/15000
	info SIT,0/1000
ee Estonia
	dial 425
	ring 425/1000,0/4000
	busy 425/300,0/300
	congestion 425/200,0/200
	callwaiting 950/650,0/325,950/325,0/30,1400/1300,0/2600
	info SIT,0/1000
es Spain
	dial 425
	ring 425/1500,0/3000
	busy 425/200,0/200
	congestion 425/200,0/200,425/200,0/200,425/200,0/600
	callwaiting 425/175,0/175,425/175,0/3500
	dialrecall !425/200,!0/200,!425/200,!0/200,!425/200,!0/200,425
	record 1400/500,0/15000
	info SIT,0/1000
fi Finland
	dial 425
	ring 425/1000,0/4000
	busy 425/300,0/300
	congestion 425/200,0/200
	callwaiting 425/150,0/150,425/150,0/8000
	dialrecall 425/650,0/25
	record 1400/500,0/15000
	info 950/650,0/325,950/325,0/30,1400/1300,0/2600
	stutter 425/650,0/25
fr France
	dial 440
	ring 440/1500,0/3500
	busy 440/500,0/500
	congestion 440/250,0/250
	callwaiting 440/300,0/10000
	record 1400/500,0/15000
	info !950/330,!1400/330,!1800/330,0
gb United Kingdom
	dial 350+440
	ring 400+450/400,0/200,400+450/400,0/2000
	busy 400/375,0/375
	congestion 400/400,0/350,400/225,0/525
	callwaiting 400/100,0/4000
	dialrecall 350+440
	record 1400/500,0/60000
	info 950/330,0/15,1400/330,0/15,1800/330,0/1000
	stutter 350+440/750,440/750
	unobtainable 400
gr Greece
	dial 425/200,0/300,425/700,0/800
	ring 425/1000,0/4000
	busy 425/300,0/300
	congestion 425/200,0/200
	callwaiting 425/150,0/150,425/150,0/8000
	dialrecall 425/650,0/25
	record 1400/400,0/15000
	info SIT,0/1000
	stutter 425/650,0/25
hk Hong Kong
	dial 350+440
	ring 440+480/400,0/200,440+480/400,0/3000
	busy 480+620/500,0/500
	congestion 480+620/250,0/250
	callwaiting 440/500,0/10000
hu Hungary
	dial 425
	ring 425/1250,0/3750
	busy 425/300,0/300
	congestion 425/300,0/300
	callwaiting 425/40,0/1960
	dialrecall 425+450
	record 1400/400,0/15000
	info SIT,0/1000
	stutter 350+375+400
id Indonesia
	dial 425
	ring 425/1000,0/4000
	busy 425/500,0/500
	congestion 425/250,0/250
	callwaiting 425/150,0/150,425/150,0/10000
	info SIT,0/1000
ie Ireland
	dial 425
	ring 400+450/400,0/200,400+450/400,0/2000
	busy 425/500,0/500
	congestion 425/250,0/250
	info SIT,0/1000
il Israel
	dial 414
	ring 414/1000,0/3000
	busy 414/500,0/500
	congestion 414/250,0/250
	callwaiting 414/100,0/100,414/100,0/100,414/600,0/3000
	dialrecall !414/100,!0/100,!414/100,!0/100,!414/100,!0/100,414
	record 1400/500,0/15000
	info 1000/330,1400/330,1800/330,0/1000
in India
	dial 400*25
	ring 400*25/400,0/200,400*25/400,0/2000
	busy 400/750,0/750
	congestion 400/250,0/250
	callwaiting 400/200,0/100,400/200,0/7500
	record 1400/500,0/15000
	info SIT,0/1000
ir Iran
	dial 425
	ring 425/1000,0/4000
	busy 425/500,0/500
	congestion 425/240,0/240
	callwaiting 425/200,0/200,425/200,0/10000
	info SIT,0/1000
it Italy
	dial 425/200,0/200,425/600,0/1000
	ring 425/1000,0/4000
	busy 425/500,0/500
	congestion 425/200,0/200
	callwaiting 425/400,0/100,425/250,0/100,425/150,0/14000
	dialrecall 470/400,425/400
	record 1400/400,0/15000
	info SIT,0/1000
	stutter 470/400,425/400
jp Japan
	dial 400
	ring 400*16/1000,0/2000
	busy 400/500,0/500
	congestion 400/500,0/500
	callwaiting 400*16/500,0/8000
	dialrecall !400/200,!0/200,!400/200,!0/200,!400/200,!0/200,400
	record 1400/500,0/15000
	info !950/330,!1400/330,!1800/330,0
kr Korea
	dial 350+440
	ring 440+480/1000,0/2000
	busy 480+620/500,0/500
	congestion 480+620/300,0/200
	callwaiting 350+440/250,0/250,350+440/250,0/3250
lt Lithuania
	dial 425
	ring 425/1000,0/4000
	busy 425/350,0/350
	congestion 425/200,0/200
	callwaiting 425/150,0/150,425/150,0/4000
	record 1400/500,0/15000
	info SIT,0/1000
mx Mexico
	dial 425
	ring 425/1000,0/4000
	busy 425/250,0/250
	congestion 425/250,0/250
	callwaiting 425/200,0/600,425/200,0/10000
	record 1400/500,0/15000
	info 950/330,0/30,1400/330,0/30,1800/330,0/1000
my Malaysia
	dial 425
	ring 425/400,0/200,425/400,0/2000
	busy 425/500,0/500
	congestion 425/500,0/500
	callwaiting 425/1000,0/10000
nl Netherlands
	dial 425
	ring 425/1000,0/4000
	busy 425/500,0/500
	congestion 425/250,0/250
	callwaiting 425/500,0/9500
	dialrecall 425/500,0/50
	record 1400/500,0/15000
	info SIT,0/1000
	stutter 425/500,0/50
no Norway
	dial 425
	ring 425/1000,0/4000
	busy 425/500,0/500
	congestion 425/200,0/200
	callwaiting 425/200,0/600,425/200,0/10000
	dialrecall 470/400,425/400
	record 1400/400,0/15000
	info SIT,0/1000
	stutter 470/400,425/400
nz New Zealand
	dial 400
	ring 400+450/400,0/200,400+450/400,0/2000
	busy 400/500,0/500
	congestion 400/250,0/250
	callwaiting !400/200,!0/3000,!400/200,!0/3000,!400/200,!0/3000,!400/200,0
	dialrecall !400/100,!0/100,!400/100,!0/100,!400/100,!0/100,400
	record 1400/425,0/15000
	info 400/750,0/100,400/750,0/100,400/750,0/100,400/750,0/400
	unobtainable 400/75,0/100,400/75,0/100,400/75,0/100,400/75,0/400
ph Philippines
	dial 425
	ring 425+480/1000,0/4000
	busy 480+620/500,0/500
	congestion 480+620/250,0/250
	callwaiting 440/300,0/10000
	record 1400/500,0/15000
	info SIT,0/1000
pl Poland
	dial 425
	ring 425/1000,0/4000
	busy 425/500,0/500
	congestion 425/500,0/500
	callwaiting 425/150,0/150,425/150,0/4000
	dialrecall 425/500,0/50
	record 1400/500,0/15000
	info SIT,0/1000
pt Portugal
	dial 425
	ring 425/1000,0/5000
	busy 425/500,0/500
	congestion 425/200,0/200
	callwaiting 440/300,0/10000
	dialrecall 425/1000,0/200
	record 1400/500,0/15000
	info SIT,0/1000
ro Romania
	dial 450
	ring 450/1850,0/4150
	busy 450/167,0/167
	congestion 450/500,0/500
	callwaiting 450/150,0/150,450/150,0/4000
	info SIT,0/1000
ru Russia
	dial 425
	ring 425/1000,0/4000
	busy 425/350,0/350
	congestion 425/175,0/175
	callwaiting 425/200,0/5000
	dialrecall 425/400,0/40
	record 1400/400,0/15000
	info SIT,0/1000
se Sweden
	dial 425
	ring 425/1000,0/5000
	busy 425/250,0/250
	congestion 425/250,0/750
	callwaiting 425/200,0/500,425/200,0/9100
	dialrecall !425/100,!0/100,!425/100,!0/100,!425/100,!0/100,425
	record 1400/500,0/15000
	info 950/332,0/24,1400/332,0/24,1800/332,0/2024
	stutter 425/320,0/20
sg Singapore
	dial 425
	ring 425*24/400,0/200,425*24/400,0/2000
	busy 425/750,0/750
	congestion 425/250,0/250
	callwaiting 425*24/300,0/200,425*24/300,0/3200
	info SIT,0/1000
	stutter !425/200,!0/200,!425/600,!0/200,!425/200,!0/200,!425/600,!0/200,425
	unobtainable 425/2500,0/500
th Thailand
	dial 400*50
	ring 420/1000,0/5000
	busy 400/500,0/500
	congestion 400/300,0/300
	callwaiting 1000/400,0/10000,1000/400,0/10000
	record 1400/500,0/15000
	info SIT,0/1000
tr Türkiye
	dial 450
	ring 450/2000,0/4000
	busy 450/500,0/500
	congestion 450/200,0/200,450/200,0/200,450/200,0/200,450/600,0/200
	callwaiting 450/200,0/600,450/200,0/8000
	dialrecall 450/1000,0/250
	record 1400/500,0/15000
	info SIT,0/1000
tw Taiwan
	dial 350+440
	ring 440+480/1000,0/2000
	busy 480+620/500,0/500
	congestion 480+620/250,0/250
	callwaiting 350+440/250,0/250,350+440/250,0/3250
	dialrecall 300/1500,0/500
	record 1400/500,0/15000
	info SIT,0/1000
uk United Kingdom
	dial 350+440
	ring 400+450/400,0/200,400+450/400,0/2000
	busy 400/375,0/375
	congestion 400/400,0/350,400/225,0/525
	callwaiting 400/100,0/4000
	dialrecall 350+440
	record 1400/500,0/60000
	info 950/330,0/15,1400/330,0/15,1800/330,0/1000
	stutter 350+440/750,440/750
	unobtainable 400
us United States
	dial 350+440
	ring 440+480/2000,0/4000
	busy 480+620/500,0/500
	congestion 480+620/250,0/250
	callwaiting 440/300,0/10000
	dialrecall !350+440/100,!0/100,!350+440/100,!0/100,!350+440/100,!0/100,350+440
	record 1400/500,0/15000
	info !950/330,!1400/330,!1800/330,0
	stutter !350+440/100,!0/100,!350+440/100,!0/100,!350+440/100,!0/100,!350+440/100,!0/100,!350+440/100,!0/100,!350+440/100,!0/100,350+440
us-old United States, old
	dial 600*120
	ring 420*40/2000,0/4000
	busy 500*100/500,0/500
	congestion 500*100/250,0/250
	callwaiting 440/300,0/10000
ve Venezuela
	dial 425
	ring 425/1000,0/4000
	busy 425/500,0/500
	congestion 425/250,0/250
	callwaiting 400+450/300,0/6000
	dialrecall 425
	record 1400/500,0/15000
	info 950/330,1440/330,1800/330,0/1000
za South Africa
	dial 400*33
	ring 400*33/400,0/200,400*33/400,0/2000
	busy 400/500,0/500
	congestion 400/250,0/250
	callwaiting 400*33/250,0/250,400*33/250,0/250,400*33/250,0/250,400*33/250,0/250
	record 1400/500,0/10000
	info 950/330,1400/330,1800/330,0/330
`
